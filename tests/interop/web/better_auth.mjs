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

/** What a script of the page would do with an answer that holds an address: go there. */
async function leave({ headers, response }) {
  headers.set("location", response.url);
  return new Response(null, { status: 302, headers });
}

async function answer(asked) {
  const { pathname, search } = new URL(asked.url);
  const { headers } = asked;
  if (pathname.startsWith("/api/auth/")) return auth.handler(asked);
  if (pathname === "/refused") return Response.json({ refused: search });
  if (pathname === "/logout") {
    const body = { callbackURL: "/" };
    return leave(await auth.api.signOut({ body, headers, returnHeaders: true }));
  }
  const known = await auth.api.getSession({ headers });
  if (known) return Response.json(known);
  const body = { provider: "ostiary", callbackURL: "/", errorCallbackURL: "/refused" };
  return leave(await auth.api.signInSocial({ body, headers, returnHeaders: true }));
}

await serve(async (incoming, outgoing) => respond(outgoing, await answer(request(incoming))));
