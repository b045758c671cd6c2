// A web application on npm's passport-openidconnect, which has no PKCE.
import express from "express";
import session from "express-session";
import passport from "passport";
import OpenIDConnectStrategy from "passport-openidconnect";
import { told } from "../conversation.mjs";
import { secret, serve } from "./serve.mjs";

passport.use(
  new OpenIDConnectStrategy(
    {
      issuer: told.issuer,
      authorizationURL: `${told.issuer}/oauth/authorize`,
      tokenURL: `${told.issuer}/oauth/token`,
      userInfoURL: `${told.issuer}/oauth/userinfo`,
      clientID: told.client_id,
      clientSecret: told.client_secret,
      callbackURL: `${told.base}/callback`,
      scope: ["profile", "email"],
      nonce: true,
    },
    (issuer, profile, context, idToken, accessToken, refreshToken, done) => done(null, { email: profile.emails[0].value, profile }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret, resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get("/callback", passport.authenticate("openidconnect", { successRedirect: "/", failWithError: true }));
app.get("/", (asked, answer, next) =>
  asked.user ? answer.json(asked.user) : passport.authenticate("openidconnect")(asked, answer, next),
);
app.use((error, asked, answer, next) => answer.status(500).json({ refused: String(error) }));
await serve(app);
