#!/bin/sh
# keycloak-js 26.2.4 with a provider that is not Keycloak (`oidcProvider`) reads the refresh token as
# a JWT, and ends there if it is none.
#
# RFC 6749 §1.5: a refresh token is a string that the client need not understand. So with a provider
# whose refresh tokens are random, the library gets its tokens and then throws them away. Without a
# refresh token (a client that may not use that grant) it goes on.
#
# Seen:
#
#     with a refresh token: Error: Unable to decode token, payload not found.
#     without: signed in
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts keycloak-js@26.2.4
cat >show.mjs <<'END'
import assert from "node:assert";

// As much of a browser as the library asks for.
const items = new Map();
globalThis.isSecureContext = true;
globalThis.window = globalThis;
globalThis.localStorage = {
  getItem: (name) => items.get(name) ?? null,
  setItem: (name, value) => items.set(name, value),
  removeItem: (name) => items.delete(name),
};
globalThis.history = { state: null, replaceState: () => {} };
globalThis.document = { cookie: "" };
globalThis.location = new URL("https://app.example/");
location.assign = () => {};
const { default: Keycloak } = await import("keycloak-js");

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const issuer = "https://id.example";
const config = {
  clientId: "a-client",
  oidcProvider: {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
  },
};

/** Go to the provider and come back with a code for these tokens. */
async function signIn(more) {
  const options = { checkLoginIframe: false, redirectUri: "https://app.example/" };
  const before = new Keycloak(config);
  await before.init(options);
  const asked = new URL(await before.createLoginUrl()).searchParams;
  const at = Math.floor(Date.now() / 1000);
  const said = { iss: issuer, sub: "grace", iat: at, exp: at + 60, nonce: asked.get("nonce") };
  const token = `${encoded({ alg: "ES256" })}.${encoded(said)}.${encoded("a signature")}`;
  globalThis.fetch = async () =>
    Response.json({ access_token: token, id_token: token, token_type: "Bearer", ...more });
  globalThis.location = new URL(`https://app.example/#code=a-code&state=${asked.get("state")}`);
  const after = new Keycloak(config);
  try {
    await after.init(options);
  } catch (error) {
    return String(error);
  }
  return after.authenticated ? "signed in" : "not signed in";
}

const opaque = await signIn({ refresh_token: "a random string" });
console.log("with a refresh token:", opaque);
assert.equal(opaque, "Error: Unable to decode token, payload not found.");

const without = await signIn({});
console.log("without:", without);
assert.equal(without, "signed in");
END
node show.mjs
