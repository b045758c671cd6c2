// An application on npm's @azure/msal-browser, of whatever version. Its pop-up comes back to /blank.
import { callback, chosen, home, offer, troubleOf } from "./page.js";

const told = (result) =>
  result && { claims: result.idTokenClaims, token: result.accessToken, scopes: result.scopes };

/** `settings` is what is written otherwise from version to version. */
export async function run(PublicClientApplication, settings) {
  const scopes = chosen.scope.split(" ");
  const application = new PublicClientApplication({
    auth: {
      clientId: chosen.client_id,
      authority: chosen.issuer,
      knownAuthorities: [new URL(chosen.issuer).host],
      redirectUri: callback,
      postLogoutRedirectUri: home,
      ...settings.auth,
    },
    system: settings.system,
    cache: { cacheLocation: "localStorage" },
  });
  await application.initialize();
  let result = null;
  const trouble = await troubleOf(
    application.handleRedirectPromise().then((found) => (result = found)),
  );
  const account = () => application.getAllAccounts()[0];
  offer(
    {
      signIn: () => application.loginRedirect({ scopes }),
      popUp: async () => told(await application.loginPopup({ scopes, redirectUri: `${location.origin}/blank` })),
      who: () => told(result) ?? (account() && { claims: account().idTokenClaims }) ?? null,
      silent: async () =>
        told(await application.acquireTokenSilent({ scopes, account: account() })),
      renew: async () =>
        told(
          await application.acquireTokenSilent({ scopes, account: account(), forceRefresh: true }),
        ),
      // Without a hint, as it is by default, it says neither who it is nor whom it means.
      signOutWithoutHint: () => application.logoutRedirect({ account: account() }),
      signOut: () =>
        application.logoutRedirect({ account: account(), idTokenHint: account().idToken }),
    },
    trouble,
  );
}
