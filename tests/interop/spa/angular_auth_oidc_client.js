// npm's angular-auth-oidc-client in an Angular application without a component, compiled in the
// browser: its services are all that is wanted here.
import "@angular/compiler";
import { provideHttpClient } from "@angular/common/http";
import { createApplication } from "@angular/platform-browser";
import { OidcSecurityService, provideAuth } from "angular-auth-oidc-client";
import { firstValueFrom } from "rxjs";
import { callback, chosen, home, offer } from "./shared/page.js";

const config = {
  authority: chosen.issuer,
  clientId: chosen.client_id,
  scope: chosen.scope,
  redirectUrl: callback,
  postLogoutRedirectUri: home,
  responseType: "code",
  silentRenew: true,
  useRefreshToken: true,
  triggerAuthorizationResultEvent: true,
};
const application = await createApplication({
  providers: [provideHttpClient(), provideAuth({ config })],
});
const service = application.injector.get(OidcSecurityService);

async function told(answers) {
  const { isAuthenticated, userData, accessToken, errorMessage } = await firstValueFrom(answers);
  if (!isAuthenticated) return errorMessage ? { error: errorMessage } : null;
  const claims = await firstValueFrom(service.getPayloadFromIdToken());
  return { claims: { ...claims, ...userData }, token: accessToken };
}

const found = await told(service.checkAuth());
offer(
  {
    signIn: () => service.authorize(),
    popUp: () => told(service.authorizeWithPopUp()),
    who: () => told(service.checkAuth()),
    renew: () => told(service.forceRefreshSession()),
    signOut: () => firstValueFrom(service.logoff()),
  },
  found?.error,
);
