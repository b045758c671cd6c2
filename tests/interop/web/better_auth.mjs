// A web application on npm's better-auth, with its plugin for any provider, that keeps its people in memory.
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { genericOAuth } from "better-auth/plugins";
import { told } from "../conversation.mjs";
import { request, respond } from "./fetch_api.mjs";
import { secret, serve } from "./serve.mjs";

const auth = betterAuth({
  baseURL: told.base,
  secret,
  telemetry: { enabled: false },
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  plugins: [
    genericOAuth({
      config: [
        {
          providerId: "ostiary",
          discoveryUrl: `${told.issuer}/.well-known/openid-configuration`,
          clientId: told.client_id,
          clientSecret: told.client_secret,
          scopes: ["openid", "profile", "email", "offline_access"],
        },
      ],
    }),
  ],
});

/** Its answer with where it sends people, as a redirect: a script of the page would follow it. */
async function leave(asked) {
  const { headers, response } = await auth.api.signInSocial({
    body: { provider: "ostiary", callbackURL: "/", errorCallbackURL: "/refused" },
    headers: asked.headers,
    returnHeaders: true,
  });
  headers.set("location", response.url);
  return new Response(null, { status: 302, headers });
}

await serve(async (incoming, outgoing) => {
  const asked = request(incoming);
  const { pathname, search } = new URL(asked.url);
  if (pathname.startsWith("/api/auth/")) return respond(outgoing, await auth.handler(asked));
  if (pathname === "/refused") return respond(outgoing, Response.json({ refused: search }));
  const known = await auth.api.getSession({ headers: asked.headers });
  respond(outgoing, known ? Response.json(known) : await leave(asked));
});
