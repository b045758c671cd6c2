// An MCP server that serves until its test has used it from elsewhere.
import { ask, learn, told } from "./conversation.mjs";
import { serveMcp } from "./mcp_server.mjs";

const server = await serveMcp(new URL(told.resource), told.issuer, told.scopes);
await ask({ serving: told.resource });
server.closeAllConnections();
server.close();
learn({});
