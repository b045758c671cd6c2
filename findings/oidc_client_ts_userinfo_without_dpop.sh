#!/bin/sh
# oidc-client-ts 3.5.0 with both `dpop` and `loadUserInfo` proves its key at the token endpoint, and
# then asks UserInfo with a bearer token: without a proof, though it was told `token_type: "DPoP"`.
#
# RFC 9449 §7.1: a DPoP-bound token is sent by the scheme DPoP together with a proof. So UserInfo
# refuses, and the sign-in fails after all else was right. Leave `loadUserInfo` out, and ask by
# yourself with `dpopProof()`.
#
# Seen:
#
#     token endpoint: with a proof
#     UserInfo: Bearer, without a proof
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts oidc-client-ts@3.5.0
cat >show.mjs <<'END'
import assert from "node:assert";

globalThis.window = globalThis; // for window.crypto
const { InMemoryWebStorage, OidcClient, WebStorageStateStore } = await import("oidc-client-ts");

const issuer = "https://id.example";
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const seen = {};

// In place of the network.
globalThis.fetch = async (url, { headers }) => {
  const { pathname } = new URL(url);
  const sent = new Headers(headers);
  const proof = sent.has("dpop") ? "with a proof" : "without a proof";
  if (pathname === "/token") {
    seen.token = proof;
    const at = Math.floor(Date.now() / 1000);
    const said = { iss: issuer, aud: "a-client", sub: "grace", iat: at, exp: at + 60 };
    return Response.json({
      access_token: "a token",
      token_type: "DPoP",
      expires_in: 60,
      id_token: `${encoded({ alg: "ES256" })}.${encoded(said)}.${encoded("a signature")}`,
    });
  }
  seen.userinfo = `${sent.get("authorization").split(" ")[0]}, ${proof}`;
  return Response.json({ sub: "grace" });
};

const kept = new Map();
const client = new OidcClient({
  authority: issuer,
  client_id: "a-client",
  redirect_uri: "https://app.example/callback",
  scope: "openid",
  loadUserInfo: true,
  stateStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
  dpop: {
    store: {
      get: async (key) => kept.get(key),
      set: async (key, value) => void kept.set(key, value),
      remove: async (key) => kept.delete(key),
      getAllKeys: async () => [...kept.keys()],
    },
  },
  metadata: {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
  },
});
const request = await client.createSigninRequest({});
const state = new URL(request.url).searchParams.get("state");
const back = new URL(`https://app.example/callback?code=a-code&state=${state}`);
await client.processSigninResponse(back.href);

console.log("token endpoint:", seen.token);
console.log("UserInfo:", seen.userinfo);
assert.equal(seen.token, "with a proof");
assert.equal(seen.userinfo, "Bearer, without a proof");
END
node show.mjs
