// A client on npm's oauth4webapi that knows an API and no issuer: it is refused, follows the
// challenge to the API's metadata (RFC 9728), and that to the issuer. `api` is where the API whose
// identifier is `resource` really listens.
import * as oauth from "oauth4webapi";
import { learn, told } from "./conversation.mjs";

const { api, resource, client_id, client_secret } = told;
const options = {
  [oauth.allowInsecureRequests]: true, // plain http on the loopback interface
  [oauth.customFetch]: (url, init) => fetch(String(url).replace(resource, api), init),
};
const client = { client_id };
const identifier = new URL(resource);
const call = (token) =>
  oauth.protectedResourceRequest(token, "GET", identifier, undefined, undefined, options);

let challenges;
try {
  await call("not a token of anybody");
} catch (error) {
  challenges = error.cause;
}

const metadata = await oauth.processResourceDiscoveryResponse(
  identifier,
  await oauth.resourceDiscoveryRequest(identifier, options),
);
const issuer = new URL(metadata.authorization_servers[0]);
const as = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, options),
);
const tokens = await oauth.processClientCredentialsResponse(
  as,
  client,
  await oauth.clientCredentialsGrantRequest(
    as,
    client,
    oauth.ClientSecretBasic(client_secret),
    { resource, scope: metadata.scopes_supported.join(" ") },
    options,
  ),
);
const answer = await call(tokens.access_token);
learn({ challenges, metadata, status: answer.status, answer: await answer.json() });
