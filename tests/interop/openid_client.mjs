// A relying party on npm's openid-client. Speaks JSON lines with the test: it prints the address to
// which the person must go, reads the address to which they came back, and prints what it learned.
import * as client from "openid-client";
import { createInterface } from "node:readline/promises";

const { issuer, client_id, client_secret, redirect_uri, method, resource } = JSON.parse(
  process.argv[2],
);
const authentication = {
  client_secret_basic: () => client.ClientSecretBasic(client_secret),
  client_secret_post: () => client.ClientSecretPost(client_secret),
  none: () => client.None(),
}[method]();

const config = await client.discovery(new URL(issuer), client_id, {}, authentication, {
  execute: [client.allowInsecureRequests],
});
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
    claims,
    userinfo,
    refreshed: refreshed.claims(),
    scope: tokens.scope,
    afterRevocation,
    logout,
  }),
);
