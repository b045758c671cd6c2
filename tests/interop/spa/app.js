// An application in the browser on npm's oidc-client-ts. The test calls what it offers in `app`.
const chosen = JSON.parse(localStorage.getItem("chosen") ?? "null");
const manager =
  chosen &&
  new oidc.UserManager({
    ...chosen,
    dpop: chosen.dpop && { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() },
    redirect_uri: `${location.origin}/callback`,
    post_logout_redirect_uri: `${location.origin}/`,
    response_type: "code",
    loadUserInfo: !chosen.dpop, // which oidc-client-ts asks for with a bearer token alone
    automaticSilentRenew: false,
    userStore: new oidc.WebStorageStateStore({ store: localStorage }),
  });

const told = (user) =>
  user && {
    profile: user.profile,
    scope: user.scope,
    token: user.access_token,
    type: user.token_type,
  };

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

window.app = {
  signIn: () => manager.signinRedirect(),
  who: async () => told(await manager.getUser()),
  renew: async () => told(await manager.signinSilent()),
  proven,
  signOut: () => manager.signoutRedirect(),
  revoke: () => manager.revokeTokens(["refresh_token"]),
};

document.addEventListener("DOMContentLoaded", async () => {
  if (location.pathname === "/callback") {
    await manager.signinCallback();
    history.replaceState(null, "", "/");
  } else if (new URLSearchParams(location.search).has("state")) {
    await manager.signoutCallback();
  }
  document.getElementById("ready").hidden = false;
});
