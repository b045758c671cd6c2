// A relying party and a protected resource on npm's oauth4webapi. `request` says how it asks:
// "signed" (JAR), "pushed" (PAR), "answered by jwt" (JARM). As an API it checks the access token
// (RFC 9068, RFC 9449) and the signed answer of introspection (RFC 9701).
import { importJWK } from "jose";
import * as oauth from "oauth4webapi";
import { ask, learn, refusal, told } from "./conversation.mjs";

const { issuer, client_id, client_secret, redirect_uri, method, resource, request = [] } = told;
const { signing_key, dpop, metadata = {} } = told;
const insecure = { [oauth.allowInsecureRequests]: true }; // plain http on the loopback interface
const client = { client_id, ...metadata };
const signingKey = signing_key && {
  key: await importJWK(signing_key, signing_key.alg),
  kid: signing_key.kid,
};
const authentication = {
  client_secret_basic: () => oauth.ClientSecretBasic(client_secret),
  client_secret_post: () => oauth.ClientSecretPost(client_secret),
  private_key_jwt: () => oauth.PrivateKeyJwt(signingKey),
  none: () => oauth.None(),
}[method]();
const proof = dpop && { DPoP: oauth.DPoP(client, await oauth.generateKeyPair(dpop)) };
const options = { ...insecure, ...proof };
const issuerUrl = new URL(issuer);

const authorizationServers = await Promise.all(
  ["oidc", "oauth2"].map(async (algorithm) =>
    oauth.processDiscoveryResponse(
      issuerUrl,
      await oauth.discoveryRequest(issuerUrl, { algorithm, ...insecure }),
    ),
  ),
);
const as = authorizationServers[0];

const codeVerifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
let parameters = new URLSearchParams({
  client_id,
  redirect_uri,
  response_type: "code",
  scope: "openid email offline_access",
  state,
  nonce,
  code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
  code_challenge_method: "S256",
  ...(resource ? { resource } : {}),
  ...(request.includes("answered by jwt") ? { response_mode: "jwt" } : {}),
});
if (request.includes("signed")) {
  const signed = await oauth.issueRequestObject(as, client, parameters, signingKey);
  parameters = new URLSearchParams({ client_id, request: signed });
}
if (request.includes("pushed")) {
  const pushed = await oauth.processPushedAuthorizationResponse(
    as,
    client,
    await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, options),
  );
  parameters = new URLSearchParams({ client_id, request_uri: pushed.request_uri });
}
const goTo = new URL(as.authorization_endpoint);
goTo.search = parameters;
const callback = new URL(await ask({ go_to: goTo.href }));

const answer = request.includes("answered by jwt")
  ? await oauth.validateJwtAuthResponse(as, client, callback, state, insecure)
  : oauth.validateAuthResponse(as, client, callback, state);
const tokenResponse = await oauth.authorizationCodeGrantRequest(
  as,
  client,
  authentication,
  answer,
  redirect_uri,
  codeVerifier,
  options,
);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, tokenResponse, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(as, tokenResponse, insecure);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.processUserInfoResponse(
  as,
  client,
  claims.sub,
  await oauth.userInfoRequest(as, client, tokens.access_token, options),
);

const api = new URL(resource || issuer);
let asked; // what the relying party sends to the API
await oauth.protectedResourceRequest(tokens.access_token, "GET", api, undefined, undefined, {
  ...options,
  [oauth.customFetch]: (url, init) => {
    asked = new Request(url, init);
    return new Response();
  },
});
const accessToken = await oauth.validateJwtAccessToken(as, asked, resource || issuer, {
  ...insecure,
  requireDPoP: Boolean(dpop),
});

let introspected;
if (method !== "none") {
  const response = await oauth.introspectionRequest(
    as,
    client,
    authentication,
    tokens.access_token,
    { ...insecure, requestJwtResponse: true },
  );
  introspected = await oauth.processIntrospectionResponse(as, client, response);
  await oauth.validateApplicationLevelSignature(as, response, insecure);
}

const refresh = async (token, how) =>
  oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, authentication, token, how),
  );
const refreshed = await refresh(tokens.refresh_token, options);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, client, authentication, refreshed.refresh_token, insecure),
);
learn({
  callback: callback.href,
  claims,
  userinfo,
  accessToken,
  introspected,
  documents: authorizationServers.map((server) => server.token_endpoint),
  tokenType: tokens.token_type,
  afterRevocation: await refusal(() => refresh(refreshed.refresh_token, options)),
});
