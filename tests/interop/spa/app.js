// An application in the browser on npm's oidc-client-ts. The test calls what it offers in `app`.
const chosen = JSON.parse(localStorage.getItem("chosen") ?? "null");
const manager =
  chosen &&
  new oidc.UserManager({
    ...chosen,
    redirect_uri: `${location.origin}/callback`,
    post_logout_redirect_uri: `${location.origin}/`,
    response_type: "code",
    loadUserInfo: true,
    automaticSilentRenew: false,
    userStore: new oidc.WebStorageStateStore({ store: localStorage }),
  });

const told = (user) => user && { profile: user.profile, scope: user.scope, token: user.access_token };

window.app = {
  signIn: () => manager.signinRedirect(),
  who: async () => told(await manager.getUser()),
  renew: async () => told(await manager.signinSilent()),
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
