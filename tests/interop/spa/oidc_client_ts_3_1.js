// The last of npm's oidc-client-ts whose pop-up speaks with the window that opened it.
import * as oidc from "oidc-client-ts-3.1";
import { run } from "./shared/with_oidc_client_ts.js";

await run(oidc);
