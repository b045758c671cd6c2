// Passkeys in forms: asks the form's address for options, the browser for a passkey, and sends the
// form with the answer. WebAuthn Level 3; what a browser lacks of it is done here.
const AUTOFILL_SECONDS = 240; // a challenge lives for five minutes

const fromText = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const withIds = (list) => list?.map((each) => ({ ...each, id: fromText(each.id) }));

function parseOptions(kind, options) {
  if (kind === "create") {
    return PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? {
      ...options,
      challenge: fromText(options.challenge),
      user: { ...options.user, id: fromText(options.user.id) },
      excludeCredentials: withIds(options.excludeCredentials),
    };
  }
  return PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? {
    ...options,
    challenge: fromText(options.challenge),
    allowCredentials: withIds(options.allowCredentials),
  };
}

function toJSON(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { id, rawId, type, response } = credential;
  const told = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = toText(response[name]);
  }
  if (response.getTransports) told.transports = response.getTransports();
  return { id, rawId: toText(rawId), type, response: told, clientExtensionResults: {} };
}

const canMakeOne = () =>
  PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.().catch(() => false);

class Refused extends Error {}

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

async function ask(form, { mediation, elsewhere } = {}) {
  underWay?.abort();
  const { signal } = (underWay = new AbortController());
  const kind = form.dataset.passkey;
  const options = await fetchOptions(form, mediation);
  if (elsewhere) {
    options.hints = ["security-key", "hybrid"];
    options.authenticatorSelection.authenticatorAttachment = "cross-platform";
  }
  if (signal.aborted) return null;
  const began = performance.now();
  try {
    return await navigator.credentials[kind]({
      publicKey: parseOptions(kind, options),
      mediation,
      signal,
    });
  } catch (problem) {
    // Browsers say the same of who waited too long and of who refused.
    const late = problem.name === "NotAllowedError" && performance.now() - began >= options.timeout;
    throw late ? new Refused("timeout") : problem;
  }
}

const REASONS = {
  NotAllowedError: "cancelled",
  InvalidStateError: "registered",
  ConstraintError: "unable",
  NotSupportedError: "unable",
  SecurityError: "insecure",
};

function say(form, problem) {
  if (problem.name === "AbortError") return;
  const reason = problem instanceof Refused ? problem.message : REASONS[problem.name];
  form.querySelector("[role=status]").textContent =
    problem.cause ?? form.dataset[reason] ?? form.dataset.failed;
}

function send(form, credential) {
  form.elements.answer.value = JSON.stringify(toJSON(credential));
  const chosen = document.querySelector("input[type=checkbox][name=remember]");
  if (chosen?.checked && chosen.form !== form) form.append(chosen.cloneNode());
  form.submit();
}

async function go(form, options) {
  form.querySelector("[role=status]").textContent = form.dataset.working;
  try {
    const credential = await ask(form, options);
    if (credential) send(form, credential);
  } catch (problem) {
    say(form, problem);
    if ("autofill" in form.dataset) autofill(form);
  }
}

async function autofill(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const renew = setTimeout(() => autofill(form), AUTOFILL_SECONDS * 1000);
  try {
    const credential = await ask(form, { mediation: "conditional" });
    if (credential) send(form, credential);
  } catch {
    // Nobody asked for anything here, so nobody is told.
  }
  clearTimeout(renew);
}

// A browser that saves passwords may make a passkey by itself, right after one was used.
async function upgrade(form) {
  if (!(await PublicKeyCredential.getClientCapabilities?.())?.conditionalCreate) return;
  try {
    const credential = await ask(form, { mediation: "conditional" });
    if (credential) send(form, credential);
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

// What the person's password managers are told (§5.1.10), where a browser can.
for (const { dataset } of document.querySelectorAll("[data-passkeys-signal]")) {
  const told = JSON.parse(dataset.passkeysSignal);
  for (const name of Object.keys(told)) window.PublicKeyCredential?.[name]?.(told[name])?.catch(() => {});
}
