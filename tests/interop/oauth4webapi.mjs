// A relying party and a protected resource on npm's oauth4webapi; same conversation as
// openid_client.mjs. It also checks the access token as an API would (RFC 9068).
import * as oauth from "oauth4webapi";
import { createInterface } from "node:readline/promises";

const { issuer, client_id, client_secret, redirect_uri, method, resource } = JSON.parse(
  process.argv[2],
);
const insecure = { [oauth.allowInsecureRequests]: true }; // plain http on the loopback interface
const client = { client_id };
const authentication = {
  client_secret_basic: () => oauth.ClientSecretBasic(client_secret),
  client_secret_post: () => oauth.ClientSecretPost(client_secret),
  none: () => oauth.None(),
}[method]();
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
const goTo = new URL(as.authorization_endpoint);
goTo.search = new URLSearchParams({
  client_id,
  redirect_uri,
  response_type: "code",
  scope: "openid email offline_access",
  state,
  nonce,
  code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
  code_challenge_method: "S256",
  ...(resource ? { resource } : {}),
});
console.log(JSON.stringify({ go_to: goTo.href }));

const lines = createInterface({ input: process.stdin });
const callback = new URL((await lines[Symbol.asyncIterator]().next()).value);
lines.close();

const parameters = oauth.validateAuthResponse(as, client, callback, state);
const tokenResponse = await oauth.authorizationCodeGrantRequest(
  as,
  client,
  authentication,
  parameters,
  redirect_uri,
  codeVerifier,
  insecure,
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
  await oauth.userInfoRequest(as, client, tokens.access_token, insecure),
);
const accessToken = await oauth.validateJwtAccessToken(
  as,
  new Request(resource || issuer, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  }),
  resource || issuer,
  insecure,
);
const refreshed = await oauth.processRefreshTokenResponse(
  as,
  client,
  await oauth.refreshTokenGrantRequest(as, client, authentication, tokens.refresh_token, insecure),
);
const revocation = await oauth.revocationRequest(
  as,
  client,
  authentication,
  refreshed.refresh_token,
  insecure,
);
await oauth.processRevocationResponse(revocation);
let afterRevocation = "accepted";
try {
  await oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(
      as,
      client,
      authentication,
      refreshed.refresh_token,
      insecure,
    ),
  );
} catch (error) {
  afterRevocation = error.error;
}
console.log(
  JSON.stringify({
    claims,
    userinfo,
    accessToken,
    documents: authorizationServers.map((server) => server.token_endpoint),
    afterRevocation,
  }),
);
