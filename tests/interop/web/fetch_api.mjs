// Requests and answers of node's servers as those of the Fetch standard, which newer libraries take.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { told } from "../conversation.mjs";

/** What was asked. */
export function request(incoming) {
  const body = incoming.method === "POST" ? Readable.toWeb(incoming) : undefined;
  return new Request(new URL(incoming.url, told.base), {
    method: incoming.method,
    headers: incoming.headers,
    body,
    duplex: "half",
  });
}

/** Send this answer. */
export async function respond(outgoing, answer) {
  outgoing.statusCode = answer.status;
  for (const [name, value] of answer.headers) outgoing.appendHeader(name, value);
  if (answer.body) await pipeline(Readable.fromWeb(answer.body), outgoing);
  else outgoing.end();
}
