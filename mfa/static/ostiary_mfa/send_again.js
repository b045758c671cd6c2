// Counts the seconds down until another message can be sent. Without it the page says how many.
const hint = document.querySelector("[data-wait]");
const button = hint.closest("form").querySelector("button");
const ends = Date.now() + hint.dataset.wait * 1000;
const seconds = new Intl.NumberFormat(document.documentElement.lang, {
  style: "unit",
  unit: "second",
  unitDisplay: "long",
});

function tell() {
  const left = Math.ceil((ends - Date.now()) / 1000);
  button.disabled = left > 0;
  hint.hidden = left <= 0;
  if (left <= 0) return;
  hint.textContent = hint.dataset.waitText.replace("{}", seconds.format(left));
  setTimeout(tell, 250);
}

tell();
