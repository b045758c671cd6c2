#!/bin/sh
# @azure/msal-node 7.2.3 told `protocolMode: "OIDC"` asks every provider for `openid profile
# offline_access` beside the scopes that it is given, and puts `client-request-id` into the query of
# the token endpoint.
#
# A provider may know `offline_access` for this client or not, and RFC 6749 §3.2 lets an endpoint
# have a query of its own and be asked with parameters that it does not know. A server that refuses
# a request for one scope too many, or for any query at the token endpoint, shuts out all that is
# built on MSAL.
#
# Seen:
#
#     asked for: email, and so for: email openid profile offline_access
#     query of the token endpoint: client-request-id
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @azure/msal-node@7.2.3
cat >show.mjs <<'END'
import assert from "node:assert";
import { ConfidentialClientApplication } from "@azure/msal-node";

const issuer = "https://id.example";
const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
};
const asked = [];
const answers = (body) => ({ status: 200, headers: {}, body });
const application = new ConfidentialClientApplication({
  auth: {
    clientId: "a client",
    clientSecret: "a secret",
    authority: issuer,
    knownAuthorities: ["id.example"],
  },
  system: {
    protocolMode: "OIDC",
    networkClient: {
      // In place of the network: metadata, and a token for the client itself.
      sendGetRequestAsync: async () => answers(metadata),
      sendPostRequestAsync: async (url) => {
        asked.push(new URL(url));
        return answers({ token_type: "Bearer", expires_in: 60, access_token: "a token" });
      },
    },
  },
});

const scopes = ["email"];
const goTo = await application.getAuthCodeUrl({ scopes, redirectUri: "https://app.example/" });
const scope = new URL(goTo).searchParams.get("scope");
console.log(`asked for: ${scopes}, and so for: ${scope}`);
assert.equal(scope, "email openid profile offline_access");

await application.acquireTokenByClientCredential({ scopes: ["an:api"] });
const query = [...asked[0].searchParams.keys()].join();
console.log("query of the token endpoint:", query);
assert.equal(query, "client-request-id");
END
node show.mjs
