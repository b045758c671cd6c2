// A relying party on npm's openid-client: a person signs in, it refreshes, revokes, and signs out.
// `request` says how it asks: "signed" (JAR), "pushed" (PAR), both or neither.
import * as client from "openid-client";
import { ask, learn, refusal, told } from "./conversation.mjs";
import { config, proof, signingKey } from "./openid_client_config.mjs";

const { redirect_uri, method, resource, scope, request = [] } = told;

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const parameters = {
  redirect_uri,
  scope: scope ?? "openid profile email offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
  max_age: "3600",
};
if (resource) parameters.resource = resource;

let goTo = request.includes("signed")
  ? await client.buildAuthorizationUrlWithJAR(config, parameters, signingKey)
  : client.buildAuthorizationUrl(config, parameters);
if (request.includes("pushed"))
  goTo = await client.buildAuthorizationUrlWithPAR(config, goTo.searchParams, proof);
const callback = new URL(await ask({ go_to: goTo.href }));

const tokens = await client.authorizationCodeGrant(
  config,
  callback,
  { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 3600, idTokenExpected: true },
  undefined,
  proof,
);
const claims = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, proof);
const introspected =
  method === "none" ? null : await client.tokenIntrospection(config, tokens.access_token);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, proof);
const withoutProof = proof && {
  refresh: await refusal(() => client.refreshTokenGrant(config, refreshed.refresh_token)),
  userinfo: await refusal(() => client.fetchUserInfo(config, tokens.access_token, claims.sub)),
};
await client.tokenRevocation(config, refreshed.refresh_token);
const afterRevocation = await refusal(() =>
  client.refreshTokenGrant(config, refreshed.refresh_token, undefined, proof),
);
const logout = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: "https://rp.example/",
  id_token_hint: tokens.id_token,
}).href;
learn({
  goTo: goTo.href,
  callback: callback.href,
  idToken: tokens.id_token,
  tokenType: tokens.token_type,
  claims,
  userinfo,
  introspected,
  refreshed: refreshed.claims(),
  scope: tokens.scope,
  withoutProof,
  afterRevocation,
  logout,
});
