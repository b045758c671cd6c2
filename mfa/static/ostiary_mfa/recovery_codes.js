// Copies and prints the recovery codes that the page shows.
const codes = [...document.querySelectorAll("[data-codes] code")].map((code) => code.textContent);
const copy = document.querySelector("[data-copy]");
const print = document.querySelector("[data-print]");

copy.hidden = !navigator.clipboard;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(codes.join("\n"));
  document.querySelector("[data-told]").textContent = copy.dataset.done;
});
print.hidden = false;
print.addEventListener("click", () => window.print());
