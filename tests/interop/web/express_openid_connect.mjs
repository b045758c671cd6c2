// A web application on npm's express-openid-connect.
import express from "express";
import openid from "express-openid-connect";
import { told } from "../conversation.mjs";
import { secret, serve } from "./serve.mjs";

const app = express();
app.use(
  openid.auth({
    issuerBaseURL: told.issuer,
    baseURL: told.base,
    clientID: told.client_id,
    clientSecret: told.client_secret,
    secret,
    idpLogout: true,
    authorizationParams: { response_type: "code", scope: "openid email offline_access" },
  }),
);
app.get("/", async (asked, answer) => {
  const before = asked.oidc.accessToken;
  const userinfo = await asked.oidc.fetchUserInfo();
  const after = await before.refresh();
  answer.json({ userinfo, renewed: after.access_token !== before.access_token });
});
app.use((error, asked, answer, next) => answer.status(500).json({ refused: error.error }));
await serve(app);
