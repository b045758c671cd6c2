// A relying party on npm's openid-client. Speaks JSON lines with the test: it prints the address to
// which the person must go, reads the address to which they came back, and prints what it learned.
// `use` names switches of openid-client, `metadata` is what was registered, `key` its private key.
import { importJWK } from "jose";
import * as client from "openid-client";
import { createInterface } from "node:readline/promises";

const { issuer, client_id, client_secret, redirect_uri, method, resource, ...more } = JSON.parse(
  process.argv[2],
);
const { use = [], metadata = {}, key } = more;
const authentication = {
  client_secret_basic: () => client.ClientSecretBasic(client_secret),
  client_secret_post: () => client.ClientSecretPost(client_secret),
  none: () => client.None(),
}[method]();

const config = await client.discovery(new URL(issuer), client_id, metadata, authentication, {
  execute: [client.allowInsecureRequests, ...use.map((name) => client[name])],
});
if (key) {
  const { alg, kid } = key;
  client.enableDecryptingResponses(config, undefined, { key: await importJWK(key, alg), alg, kid });
}
client.enableNonRepudiationChecks(config); // verify ID token signatures even from the back channel

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const parameters = {
  redirect_uri,
  scope: "openid profile email offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
  max_age: "3600",
};
if (resource) parameters.resource = resource;
console.log(JSON.stringify({ go_to: client.buildAuthorizationUrl(config, parameters).href }));

const lines = createInterface({ input: process.stdin });
const callback = new URL((await lines[Symbol.asyncIterator]().next()).value);
lines.close();

const tokens = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier,
  expectedState,
  expectedNonce,
  maxAge: 3600,
  idTokenExpected: true,
});
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const introspected =
  method === "none" ? null : await client.tokenIntrospection(config, tokens.access_token);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
await client.tokenRevocation(config, refreshed.refresh_token);
let afterRevocation = "accepted";
try {
  await client.refreshTokenGrant(config, refreshed.refresh_token);
} catch (error) {
  afterRevocation = error.error;
}
const logout = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: "https://rp.example/",
  id_token_hint: tokens.id_token,
}).href;
console.log(
  JSON.stringify({
    callback,
    idToken: tokens.id_token,
    claims,
    userinfo,
    introspected,
    refreshed: refreshed.claims(),
    scope: tokens.scope,
    afterRevocation,
    logout,
  }),
);
