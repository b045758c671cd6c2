// Sends a form by itself once its code is complete: typed to its end, pasted, or filled in by the
// browser. Not while somebody corrects a code: after an error, a deletion, or a change in its midst.
const SEPARATORS = /[\s\p{Pd}\p{Pc}\p{Cf}]/gu;
const charactersOf = (text) => text.replace(SEPARATORS, "").length;

for (const input of document.querySelectorAll("input[data-code-length]")) {
  const length = Number(input.dataset.codeLength);
  let correcting = input.value !== "" || input.ariaInvalid === "true";

  const hint = document.createElement("p");
  hint.className = "hint";
  hint.id = `${input.id}_sends`;
  hint.textContent = input.dataset.codeHint;
  const before = input.getAttribute("aria-describedby");
  input.setAttribute("aria-describedby", before ? `${before} ${hint.id}` : hint.id);
  input.before(hint);
  if (correcting) { // what is typed replaces it
    if (document.activeElement === input) input.select();
    else input.addEventListener("focus", () => input.select(), { once: true });
  }

  input.addEventListener("paste", ({ clipboardData }) => {
    if (charactersOf(clipboardData.getData("text")) === length) correcting = false;
  });
  input.addEventListener("input", ({ inputType }) => {
    const typed = charactersOf(input.value);
    if (typed <= 1) correcting = false; // begun anew
    else if (inputType?.startsWith("delete")) correcting = true;
    const atItsEnd = input.selectionEnd === input.value.length;
    if (correcting || typed !== length || !atItsEnd || !input.form.checkValidity()) return;
    correcting = true; // once
    input.form.requestSubmit();
  });
}
