// An MCP server on npm's @modelcontextprotocol/sdk, with one tool. It takes access tokens of the
// issuer that are for it, checked by npm's jose, and tells clients where to get them (RFC 9728).
import { once } from "node:events";
import { createServer } from "node:http";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthMetadataRouter,
} from "@modelcontextprotocol/sdk/server/auth/router.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

/** Serve at the URL `resource`; what it wants of tokens is told in `scopes`, if anything. */
export async function serveMcp(resource, issuer, scopes) {
  const well_known = `${issuer}/.well-known/oauth-authorization-server`;
  const oauthMetadata = await (await fetch(well_known)).json();
  const jwks = createRemoteJWKSet(new URL(oauthMetadata.jwks_uri));

  async function verifyAccessToken(token) {
    try {
      const { payload } = await jwtVerify(token, jwks, {
        issuer,
        audience: resource.href,
        typ: "at+jwt",
      });
      return {
        token,
        clientId: payload.client_id,
        scopes: (payload.scope ?? "").split(" "),
        expiresAt: payload.exp,
        resource, // one of its audiences: with openid, UserInfo is the other
        extra: { sub: payload.sub },
      };
    } catch (error) {
      throw new InvalidTokenError(String(error));
    }
  }

  const app = express();
  app.use(
    mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: resource, scopesSupported: scopes }),
  );
  const bearer = requireBearerAuth({
    verifier: { verifyAccessToken },
    requiredScopes: scopes,
    expectedResource: resource,
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(resource),
  });
  app.all(resource.pathname, bearer, express.json(), async (asked, answer) => {
    const server = new McpServer({ name: "notes", version: "1" });
    server.registerTool("who", { description: "Who asks" }, ({ authInfo }) => ({
      content: [{ type: "text", text: JSON.stringify(authInfo) }],
    }));
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    await transport.handleRequest(asked, answer, asked.body);
  });
  const server = createServer(app).listen(resource.port, resource.hostname);
  await once(server, "listening");
  return server;
}
