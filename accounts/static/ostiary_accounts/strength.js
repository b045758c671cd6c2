// Tells under the field how hard the password that is being typed is to guess.
const box = document.querySelector("[data-strength]");
const form = box.closest("form");
const input = form.elements.password;
const bar = box.querySelector("[data-strength-bar]");
const told = box.querySelector("[data-strength-told]");
let timer, asked;

function tell(text, score) {
  told.textContent = text;
  bar.dataset.score = score;
  bar.hidden = !text;
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  if (!input.value) {
    tell("", "");
    return;
  }
  try {
    const answer = await fetch(box.dataset.strength, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
      signal: asked.signal,
    });
    if (!answer.ok) return;
    const { score, label, advice } = await answer.json();
    tell(advice ? `${label}. ${advice}` : label, score);
  } catch {
    // Another letter was typed meanwhile, or the network is away: it is only advice.
  }
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 500);
});
// A question that arrived after the sign-in would be refused: its CSRF token is of the time before.
form.addEventListener("submit", () => {
  clearTimeout(timer);
  asked?.abort();
});
