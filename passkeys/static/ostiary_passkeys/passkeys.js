// Passkeys in forms: asks the form's address for options, the browser for a passkey, and sends the
// form with the answer. WebAuthn Level 3. Front ends of a project's own use parseOptions,
// readAnswer and signal.
const AUTOFILL_SECONDS = 240; // a challenge lives for five minutes

const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

function toText(value) {
  if (typeof value === "string") return value;
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const withIds = (list) => list?.map((each) => ({ ...each, id: fromText(each.id) }));

export function parseOptions(kind, options) {
  const challenge = fromText(options.challenge);
  if (kind === "get") {
    return { ...options, challenge, allowCredentials: withIds(options.allowCredentials) };
  }
  const user = { ...options.user, id: fromText(options.user.id) };
  return { ...options, challenge, user, excludeCredentials: withIds(options.excludeCredentials) };
}

class Refused extends Error {}

const attempt = (read) => {
  try {
    return read() ?? undefined;
  } catch {
    return undefined;
  }
};

// Password managers answer in the browser's place, some with objects that only look like the
// browser's: an inherited toJSON that throws, or returns what is no JSON, and methods that are not
// there. So each part is read by itself, from the object and, failing that, from its JSON.
const partOf = (credential, part) =>
  attempt(() => toText(part(credential))) || attempt(() => toText(part(credential.toJSON())));
const idOf = (credential) =>
  partOf(credential, (told) => told.rawId) || partOf(credential, (told) => told.id);

export function readAnswer(credential) {
  const id = idOf(credential);
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const text = partOf(credential, (told) => told.response[name]);
    if (text) response[name] = text;
  }
  const transports =
    attempt(() => credential.response.getTransports()) ??
    attempt(() => credential.toJSON().response.transports);
  if (Array.isArray(transports)) response.transports = transports;
  if (!id || !response.clientDataJSON) throw new Refused("unreadable");
  return { id, rawId: id, type: "public-key", response, clientExtensionResults: {} };
}

// What password managers are told (§5.1.10), where a browser can.
export function signal(told) {
  for (const name of Object.keys(told)) {
    attempt(() => window.PublicKeyCredential?.[name]?.(told[name])?.catch?.(() => {}));
  }
}

async function canMakeOne() {
  try {
    return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.();
  } catch {
    return false;
  }
}

async function fetchOptions(form, mediation) {
  const body = new URLSearchParams({
    csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
  });
  // On the sign-in page: that a passkey can be made here, for who is to be offered one.
  if ("autofill" in form.dataset && (await canMakeOne())) body.append("able", "1");
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.action, { method: "POST", headers, body });
  if (answer.redirected) {
    if (mediation) throw new Refused("failed"); // nobody pressed anything: the page stays
    location.assign(answer.url); // where people confirm who they are, or sign in
    await new Promise(() => {});
  }
  if (!answer.ok) {
    const { detail } = await answer.json().catch(() => ({})); // why it is no use to begin
    throw new Refused(answer.status === 429 ? "throttled" : "failed", { cause: detail });
  }
  return answer.json();
}

let underWay; // the browser does one at a time: what waits for autofill gives way

// The answer, to be sent; null where another question took the place of this one.
async function ask(form, { mediation, elsewhere } = {}) {
  underWay?.abort();
  const { signal: stopped } = (underWay = new AbortController());
  const kind = form.dataset.passkey;
  const options = await fetchOptions(form, mediation);
  if (elsewhere) {
    options.hints = ["security-key", "hybrid"];
    options.authenticatorSelection.authenticatorAttachment = "cross-platform";
  }
  if (stopped.aborted) return null;
  const began = performance.now();
  let credential;
  try {
    credential = await navigator.credentials[kind]({
      publicKey: parseOptions(kind, options),
      mediation,
      signal: stopped,
    });
  } catch (problem) {
    if (stopped.aborted) return null;
    // Browsers say the same of who waited too long and of who refused.
    const late = problem?.name === "NotAllowedError" && performance.now() - began >= options.timeout;
    throw late ? new Refused("timeout") : problem;
  }
  try {
    return readAnswer(credential);
  } catch (problem) {
    const made = kind === "create" && idOf(credential);
    if (made) signal({ signalUnknownCredential: { rpId: options.rp.id, credentialId: made } });
    throw problem;
  }
}

const REASONS = {
  AbortError: "cancelled",
  NotAllowedError: "cancelled",
  InvalidStateError: "registered",
  ConstraintError: "unable",
  NotSupportedError: "unable",
  SecurityError: "insecure",
};

function say(form, problem) {
  const isOurs = problem instanceof Refused;
  const reason = isOurs ? problem.message : REASONS[problem?.name];
  form.querySelector("[role=status]").textContent =
    (isOurs && problem.cause) || form.dataset[reason] || form.dataset.failed;
}

function send(form, answer) {
  form.elements.answer.value = JSON.stringify(answer);
  const chosen = document.querySelector("input[type=checkbox][name=remember]");
  if (chosen?.checked && chosen.form !== form) form.append(chosen.cloneNode());
  form.submit();
}

async function go(form, options) {
  form.querySelector("[role=status]").textContent = form.dataset.working;
  try {
    const answer = await ask(form, options);
    if (answer) send(form, answer);
  } catch (problem) {
    say(form, problem);
    if ("autofill" in form.dataset) autofill(form);
  }
}

async function autofill(form) {
  let renew;
  try {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    renew = setTimeout(() => autofill(form), AUTOFILL_SECONDS * 1000);
    const answer = await ask(form, { mediation: "conditional" });
    if (answer) send(form, answer);
  } catch {
    // Nobody asked for anything here, so nobody is told.
  }
  clearTimeout(renew);
}

// A browser that saves passwords may make a passkey by itself, right after one was used.
async function upgrade(form) {
  try {
    if (!(await PublicKeyCredential.getClientCapabilities?.())?.conditionalCreate) return;
    const answer = await ask(form, { mediation: "conditional" });
    if (answer) send(form, answer);
  } catch {
    // The page offers it.
  }
}

function begin(form) {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    go(form, { elsewhere: event.submitter?.hasAttribute("data-elsewhere") });
  });
  for (const link of document.links) {
    if (link.href !== form.action) continue;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      go(form);
    });
  }
  if ("autofill" in form.dataset) autofill(form);
  if ("upgrade" in form.dataset) upgrade(form);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (window.isSecureContext && window.PublicKeyCredential) begin(form);
  else form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("data-plain")) return;
    event.preventDefault();
    say(form, new Refused(window.isSecureContext ? "unable" : "insecure"));
  });
}

for (const { dataset } of document.querySelectorAll("[data-passkeys-signal]")) {
  signal(JSON.parse(dataset.passkeysSignal));
}
