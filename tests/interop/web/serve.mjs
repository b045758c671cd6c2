// The web applications of these tests: each listens where it is told, until its test has had the
// person visit it.
import { once } from "node:events";
import { createServer } from "node:http";
import { ask, learn, told } from "../conversation.mjs";

const { hostname, port } = new URL(told.base);

export const secret = "of an application in a test, long enough for all";

/** Listen for requests by this function of them and their answer; what `known()` says at the end
 * is what was learned. */
export async function serve(listener, known = () => ({})) {
  const server = createServer(listener).listen(port, hostname);
  await once(server, "listening");
  await ask({ visit: told.base });
  server.closeAllConnections();
  server.close();
  learn(known());
}
