// npm's keycloak-js with a provider that is not Keycloak.
import Keycloak from "keycloak-js";
import { callback, chosen, home, offer, troubleOf } from "./shared/page.js";

const keycloak = new Keycloak({ oidcProvider: chosen.issuer, clientId: chosen.client_id });
const trouble = await troubleOf(
  keycloak.init({ checkLoginIframe: false, scope: chosen.scope, redirectUri: callback }),
);
offer(
  {
    signIn: () => keycloak.login(),
    who: async () =>
      keycloak.authenticated
        ? {
            claims: { ...keycloak.idTokenParsed, ...(await keycloak.loadUserInfo()) },
            token: keycloak.token,
          }
        : null,
    signOut: () => keycloak.logout({ redirectUri: home }),
  },
  trouble,
);
