// npm's oidc-client-ts.
import * as oidc from "oidc-client-ts";
import { run } from "./shared/with_oidc_client_ts.js";

await run(oidc);
