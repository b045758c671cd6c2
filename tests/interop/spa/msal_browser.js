// npm's @azure/msal-browser. What comes back to it in a pop-up goes over its redirect bridge.
import { PublicClientApplication } from "@azure/msal-browser";
import { broadcastResponseToMainFrame } from "@azure/msal-browser/redirect-bridge";
import { run } from "./shared/with_msal_browser.js";

if (location.pathname === "/blank") await broadcastResponseToMainFrame();
else await run(PublicClientApplication, { auth: {}, system: { protocolMode: "OIDC" } });
