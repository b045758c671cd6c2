// A web application on npm's @fastify/oauth2, which discovers that we want PKCE.
import oauth2 from "@fastify/oauth2";
import fastify from "fastify";
import { told } from "../conversation.mjs";
import { serve } from "./serve.mjs";

const app = fastify();
app.register(oauth2, {
  name: "ostiary",
  scope: ["openid", "email", "offline_access"],
  credentials: { client: { id: told.client_id, secret: told.client_secret } },
  startRedirectPath: "/",
  callbackUri: `${told.base}/callback`,
  discovery: { issuer: told.issuer },
});
app.get("/callback", async function (asked, answer) {
  if (asked.query.error) return { refused: asked.query.error };
  const { token } = await this.ostiary.getAccessTokenFromAuthorizationCodeFlow(asked);
  const userinfo = await this.ostiary.userinfo(token);
  const renewed = await this.ostiary.getNewAccessTokenUsingRefreshToken(token);
  await this.ostiary.revokeAllToken(renewed.token);
  return { userinfo, renewed: renewed.token.access_token !== token.access_token };
});
await app.ready();
await serve((asked, answer) => app.routing(asked, answer));
