// A web application on npm's @auth/core, which is Auth.js without a framework.
import { Auth } from "@auth/core";
import { told } from "../conversation.mjs";
import { secret, serve } from "./serve.mjs";
import { request, respond } from "./fetch_api.mjs";

const config = {
  basePath: "/auth",
  secret,
  trustHost: true,
  providers: [
    {
      id: "ostiary",
      name: "Ostiary",
      type: "oidc",
      issuer: told.issuer,
      clientId: told.client_id,
      clientSecret: told.client_secret,
    },
  ],
};

await serve(async (incoming, outgoing) => {
  const asked = request(incoming);
  if (new URL(asked.url).pathname.startsWith("/auth/"))
    return respond(outgoing, await Auth(asked, config));
  const session = new Request(`${told.base}/auth/session`, { headers: asked.headers });
  const known = await (await Auth(session, config)).json();
  respond(outgoing, known ? Response.json(known) : Response.redirect(`${told.base}/auth/signin`));
});
