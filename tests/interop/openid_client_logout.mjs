// A relying party on npm's openid-client and jose that is told of the end of a session behind the
// person's back (OpenID Connect Back-Channel Logout 1.0 §2.6).
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";
import { ask, learn, told } from "./conversation.mjs";
import { config } from "./openid_client_config.mjs";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const { issuer, client_id, redirect_uri, metadata = {} } = told;
const jwks = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
const seen = [];

async function endOf(token) {
  const { payload, protectedHeader } = await jwtVerify(token, jwks, {
    issuer,
    audience: client_id,
    typ: "logout+jwt",
    algorithms: [metadata.id_token_signed_response_alg ?? "RS256"],
    requiredClaims: ["iat", "exp", "jti", "events"],
  });
  if ("nonce" in payload) throw new Error("a nonce");
  if (JSON.stringify(payload.events) !== JSON.stringify({ [EVENT]: {} })) throw new Error("no event");
  if (!payload.sub && !payload.sid) throw new Error("of nobody");
  return { payload, protectedHeader };
}

const server = createServer(async (request, response) => {
  try {
    seen.push(await endOf(new URLSearchParams(await text(request)).get("logout_token")));
    response.writeHead(200).end();
  } catch (error) {
    seen.push(String(error));
    response.writeHead(400).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
await ask({ listens_at: `http://127.0.0.1:${server.address().port}/backchannel-logout` });

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const parameters = {
  redirect_uri,
  scope: "openid email",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
};
const callback = await ask({ go_to: client.buildAuthorizationUrl(config, parameters).href });
const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier,
  expectedState,
  idTokenExpected: true,
});
await ask({ sign_out: true });
server.close();
learn({ claims: tokens.claims(), seen });
