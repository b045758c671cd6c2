// Version 4 of npm's @azure/msal-browser, whose pop-up is read by the window that opened it.
import { PublicClientApplication } from "@azure/msal-browser-4";
import { run } from "./shared/with_msal_browser.js";

if (location.pathname !== "/blank")
  await run(PublicClientApplication, { auth: { protocolMode: "OIDC" } });
