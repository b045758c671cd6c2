// A client on npm's @modelcontextprotocol/sdk that knows the address of an MCP server and no more.
// `metadata` is what it says of itself, where it registers; `client_metadata_url` is where it has
// published that.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ask, learn, told } from "./conversation.mjs";
import { serveMcp } from "./mcp_server.mjs";

const resource = new URL(told.resource);
const server = await serveMcp(resource, told.issuer, told.scopes);

const kept = {};
const provider = {
  redirectUrl: told.comes_back,
  clientMetadata: told.metadata,
  clientMetadataUrl: told.client_metadata_url,
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  redirectToAuthorization: (url) => void (kept.goTo = url.href),
};

const transport = () => new StreamableHTTPClientTransport(resource, { authProvider: provider });

/** What the tool says, over a connection of its own. */
async function use() {
  const client = new Client({ name: "client of a test", version: "1" });
  await client.connect(transport());
  const { content } = await client.callTool({ name: "who" });
  await client.close();
  return JSON.parse(content[0].text);
}

try {
  await use();
} catch (error) {
  if (!(error instanceof UnauthorizedError)) throw error;
}
const back = new URL(await ask({ go_to: kept.goTo }));
const learned = { goTo: kept.goTo, client: kept.client, error: back.searchParams.get("error") };
if (!learned.error) {
  await transport().finishAuth(back.searchParams.get("code"));
  learned.first = { said: await use(), tokens: kept.tokens };
  kept.tokens = { ...kept.tokens, access_token: "one that is no good any more" };
  learned.renewed = { said: await use(), tokens: kept.tokens };
}
server.closeAllConnections();
server.close();
learn(learned);
