// Copies the key or the codes that the page shows, and prints it.
const print = document.querySelector("[data-print]");

for (const copy of document.querySelectorAll("[data-copy]")) {
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    const shown = [...document.querySelectorAll(copy.dataset.copy)];
    const texts = shown.map(({ textContent }) => textContent.replace(/\s/g, ""));
    await navigator.clipboard.writeText(texts.join("\n"));
    document.querySelector("[data-told]").textContent = copy.dataset.done;
  });
}
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
