// Does the sum that a form asks for (ALTCHA version 2 with PBKDF2), and sends the form when done.
const box = document.querySelector("[data-challenge]");
const form = box.closest("form");
const status = box.querySelector("[role=status]");
const answer = box.querySelector("input[type=hidden]");

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve(challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const start = bytes(nonce);
  const password = new Uint8Array(start.length + 4);
  password.set(start);
  const tail = new DataView(password.buffer, start.length);
  const kdf = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  for (let counter = 0; ; counter++) {
    tail.setUint32(0, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(kdf, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return { counter, derivedKey };
  }
}

async function work() {
  const challenge = JSON.parse(box.dataset.challenge);
  status.textContent = box.dataset.working;
  try {
    const solution = await solve(challenge);
    answer.value = btoa(JSON.stringify({ challenge, solution }));
    status.textContent = box.dataset.done;
  } catch {
    // No Web Cryptography here, as on pages without https: the mailed code is left.
    status.textContent = box.dataset.failed;
  }
}

const done = work();

form.addEventListener("submit", (event) => {
  if (answer.value || event.submitter?.hasAttribute("formnovalidate")) return;
  event.preventDefault();
  done.then(() => {
    if (answer.value) form.requestSubmit(event.submitter);
  });
});
