// A client of an MCP server in a page, on npm's @modelcontextprotocol/sdk, that registers itself.
import { auth } from "@modelcontextprotocol/sdk/client/auth.js";
import { callback, chosen, offer, troubleOf } from "./shared/page.js";

const read = (name) => JSON.parse(localStorage.getItem(name) ?? "null") ?? undefined;
const write = (name) => (value) => localStorage.setItem(name, JSON.stringify(value));
const provider = {
  redirectUrl: callback,
  clientMetadata: {
    client_name: "A client in a page",
    redirect_uris: [callback],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => read("client"),
  saveClientInformation: write("client"),
  tokens: () => read("tokens"),
  saveTokens: write("tokens"),
  codeVerifier: () => read("verifier"),
  saveCodeVerifier: write("verifier"),
  redirectToAuthorization: (url) => location.assign(url),
};
const ask = (more) => auth(provider, { serverUrl: chosen.resource, ...more });

const authorizationCode = new URLSearchParams(location.search).get("code");
const trouble = authorizationCode ? await troubleOf(ask({ authorizationCode })) : null;
offer({ signIn: () => ask(), renew: () => ask().then(() => read("tokens")), who: () => read("tokens") }, trouble);
