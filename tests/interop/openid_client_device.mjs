// A device on npm's openid-client (RFC 8628): it shows a code, waits for the person, gets its tokens.
import * as client from "openid-client";
import { ask, learn, refusal, told } from "./conversation.mjs";
import { config, proof } from "./openid_client_config.mjs";

const shown = await client.initiateDeviceAuthorization(config, {
  scope: "openid email offline_access",
});
const grantType = "urn:ietf:params:oauth:grant-type:device_code";
const poll = () =>
  client.genericGrantRequest(config, grantType, { device_code: shown.device_code }, proof);
const before = await refusal(poll);
await ask({ decide: shown.verification_uri_complete });

const soon = { ...shown, interval: 0.1 };
let tokens;
const decided = await refusal(async () => {
  tokens = await client.pollDeviceAuthorizationGrant(config, soon, undefined, proof);
});
const claims = tokens?.claims();
learn({
  shown,
  before,
  decided,
  tokenType: tokens?.token_type,
  claims,
  userinfo: tokens && (await client.fetchUserInfo(config, tokens.access_token, claims.sub, proof)),
  refreshed: tokens && (await client.refreshTokenGrant(config, tokens.refresh_token, {}, proof)),
  again: await refusal(poll),
});
