// A button beside each password that shows what was typed (NIST SP 800-63B-4 §3.1.1.2).
const { show, hide } = document.currentScript.dataset;

for (const input of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = show;
  button.id = `${input.id}_reveal`;
  const label = input.labels[0];
  if (label) {
    label.id = `${input.id}_label`;
    button.setAttribute("aria-labelledby", `${button.id} ${label.id}`);
  }
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? hide : show;
  });
  // A browser keeps what was sent from a text field, so it is sent from a password field.
  input.form?.addEventListener("submit", () => { input.type = "password"; });
  const hadFocus = document.activeElement === input; // which moving it takes away
  const row = document.createElement("span");
  row.className = "reveal-row";
  input.replaceWith(row);
  row.append(input, button);
  if (hadFocus) input.focus();
}
