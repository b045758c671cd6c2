// An API on npm's openid-client that was called with a token for `resource`, and exchanges it for one
// with which it can call `target` (RFC 8693).
import * as client from "openid-client";
import { learn, refusal, told } from "./conversation.mjs";
import { config, proof } from "./openid_client_config.mjs";

const { resource, target, scope } = told;
const brought = await client.clientCredentialsGrant(config, { resource, scope });
const exchange = (audience) =>
  client.genericGrantRequest(
    config,
    "urn:ietf:params:oauth:grant-type:token-exchange",
    {
      subject_token: brought.access_token,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      audience,
    },
    proof,
  );
const exchanged = await exchange(target);
learn({
  exchanged,
  introspected: await client.tokenIntrospection(config, exchanged.access_token),
  elsewhere: await refusal(() => exchange("https://elsewhere.example/")),
});
