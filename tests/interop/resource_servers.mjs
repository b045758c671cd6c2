// APIs in JavaScript that check access tokens by themselves: on npm's jose, and on npm's
// express-oauth2-jwt-bearer as it is and `strict` (RFC 9068). What each says of `tokens`.
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { learn, told } from "./conversation.mjs";

const { issuer, audience, tokens } = told;
const options = { issuerBaseURL: issuer, audience };

const app = express();
const say = (asked, answer) => answer.json(asked.auth.payload);
app.get("/usual", auth(options), say);
app.get("/strict", auth({ ...options, strict: true }), say);
app.use((error, asked, answer, next) => answer.status(error.status ?? 500).json({ error: error.message }));
const server = await new Promise((done) => {
  const listening = app.listen(0, "127.0.0.1", () => done(listening));
});
const ask = (path) => async (token) => {
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return answer.json();
};

const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
const jwks = createRemoteJWKSet(new URL(metadata.jwks_uri));
const verify = (token) =>
  jwtVerify(token, jwks, { issuer, audience, typ: "at+jwt" }).then(
    ({ payload }) => payload,
    (error) => ({ error: error.code }),
  );

const learned = {};
for (const [name, check] of Object.entries({ usual: ask("/usual"), strict: ask("/strict"), jose: verify })) {
  learned[name] = {};
  for (const [kind, token] of Object.entries(tokens)) learned[name][kind] = await check(token);
}
server.closeAllConnections();
server.close();
learn(learned);
