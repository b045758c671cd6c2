// A web application on npm's @azure/msal-node, with a provider that is not Microsoft's: a person
// signs in, it renews, and it gets a token of its own.
import { ConfidentialClientApplication, CryptoProvider } from "@azure/msal-node";
import { ask, learn, told } from "./conversation.mjs";

const { issuer, client_id, client_secret, redirect_uri } = told;
const application = new ConfidentialClientApplication({
  auth: {
    clientId: client_id,
    clientSecret: client_secret,
    authority: issuer,
    knownAuthorities: [new URL(issuer).host],
  },
  system: { protocolMode: "OIDC" },
});

const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
const scopes = ["email"];
const goTo = await application.getAuthCodeUrl({
  scopes,
  redirectUri: redirect_uri,
  codeChallenge: challenge,
  codeChallengeMethod: "S256",
  responseMode: "query",
});
const back = new URL(await ask({ go_to: goTo }));
const first = await application.acquireTokenByCode({
  scopes,
  redirectUri: redirect_uri,
  code: back.searchParams.get("code"),
  codeVerifier: verifier,
});
const renewed = await application.acquireTokenSilent({
  account: first.account,
  scopes,
  forceRefresh: true,
});
const own = await application.acquireTokenByClientCredential({ scopes: ["api:read"] });
learn({
  goTo,
  claims: first.idTokenClaims,
  scopes: first.scopes,
  renewed: renewed.accessToken !== first.accessToken,
  own: own.accessToken,
});
