// An application on npm's oidc-client-ts, of whatever version.
import { callback, chosen, home, offer, troubleOf } from "./page.js";

const told = (user) =>
  user && {
    claims: user.profile,
    scope: user.scope,
    token: user.access_token,
    type: user.token_type,
  };

export async function run(oidc) {
  const manager = new oidc.UserManager({
    authority: chosen.issuer,
    client_id: chosen.client_id,
    scope: chosen.scope,
    dpop: chosen.dpop && { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() },
    redirect_uri: callback,
    silent_redirect_uri: callback,
    post_logout_redirect_uri: home,
    loadUserInfo: !chosen.dpop, // which oidc-client-ts asks for with a bearer token alone
    automaticSilentRenew: false,
    userStore: new oidc.WebStorageStateStore({ store: localStorage }),
  });

  /** What UserInfo answers to the access token with a proof of the key, and the nonce it is told. */
  async function proven() {
    const user = await manager.getUser();
    const url = await manager.metadataService.getUserInfoEndpoint();
    const ask = async (nonce) =>
      fetch(url, {
        headers: {
          authorization: `DPoP ${user.access_token}`,
          dpop: await manager.dpopProof(url, user, "GET", nonce),
        },
      });
    let answer = await ask();
    const nonce = answer.headers.get("dpop-nonce");
    if (answer.status === 401 && nonce) answer = await ask(nonce);
    return { nonce, claims: await answer.json() };
  }

  let trouble = null;
  if (location.pathname === "/callback") trouble = await troubleOf(manager.signinCallback());
  else if (new URLSearchParams(location.search).has("state")) await manager.signoutCallback();
  offer(
    {
      signIn: () => manager.signinRedirect(),
      popUp: async () => told(await manager.signinPopup()),
      who: async () => told(await manager.getUser()),
      renew: async () => told(await manager.signinSilent()),
      proven,
      revoke: () => manager.revokeTokens(["refresh_token"]),
      signOut: () => manager.signoutRedirect(),
    },
    trouble,
  );
}
