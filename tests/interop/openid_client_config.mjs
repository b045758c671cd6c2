// The configuration of npm's openid-client, as the test tells it: `use` names its switches,
// `registers` is what it registers itself (RFC 7591), or else `metadata` what was, `signing_key` what it signs with and `key` what it decrypts with.
import { importJWK } from "jose";
import * as client from "openid-client";
import { told } from "./conversation.mjs";

const { issuer, client_id, client_secret, method, use = [], metadata = {}, key, dpop } = told;

const imported = (jwk) => importJWK(jwk, jwk.alg);
export const signingKey = told.signing_key && {
  key: await imported(told.signing_key),
  kid: told.signing_key.kid,
};
const authentication = {
  client_secret_basic: () => client.ClientSecretBasic(client_secret),
  client_secret_post: () => client.ClientSecretPost(client_secret),
  client_secret_jwt: () => client.ClientSecretJwt(client_secret),
  private_key_jwt: () => client.PrivateKeyJwt(signingKey),
  none: () => client.None(),
}[method]();

const options = { execute: [client.allowInsecureRequests, ...use.map((name) => client[name])] };
export const config = told.registers
  ? await client.dynamicClientRegistration(new URL(issuer), told.registers, authentication, {
      ...options,
      initialAccessToken: told.initial_access_token,
    })
  : await client.discovery(new URL(issuer), client_id, metadata, authentication, options);
if (key) {
  const { alg, kid } = key;
  client.enableDecryptingResponses(config, undefined, { key: await imported(key), alg, kid });
}
client.enableNonRepudiationChecks(config); // verify ID token signatures even from the back channel

/** Beside each request, where the test wants DPoP: proofs by one key. */
export const proof = dpop
  ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair(dpop)) }
  : undefined;
