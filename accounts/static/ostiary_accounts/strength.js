// Tells how hard the password that is being typed is to guess, in place of the page that says so.
const button = document.querySelector("[data-strength]");
const form = button.form;
const input = form.elements.password;
const told = form.querySelector("[data-strength-told]");
let timer, asked;

async function ask() {
  asked?.abort();
  asked = new AbortController();
  if (!input.value) {
    told.textContent = "";
    return;
  }
  try {
    const answer = await fetch(button.formAction, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
      signal: asked.signal,
    });
    if (!answer.ok) return;
    const { label, advice } = await answer.json();
    told.textContent = advice ? `${label}. ${advice}` : label;
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
button.addEventListener("click", (event) => {
  event.preventDefault();
  ask();
});
