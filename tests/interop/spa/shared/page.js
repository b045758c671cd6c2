// What the applications in the browser have in common: they are told what was registered for them,
// and offer in `app` what their test calls.
export const chosen = await (await fetch("/chosen.json")).json();
export const callback = `${location.origin}/callback`;
export const home = `${location.origin}/`;

/** Offer this to the test. `trouble` is what the library said, if it failed at a redirect's end. */
export function offer(app, trouble = null) {
  history.replaceState(null, "", "/");
  window.app = { ...app, trouble };
  document.getElementById("ready").hidden = false;
}

/** What the library says of a promise that fails; null if it doesn't. */
export async function troubleOf(promise) {
  try {
    await promise;
  } catch (error) {
    return [error.name, error.error ?? error.errorCode, error.message].filter(Boolean).join(" ");
  }
  return null;
}
