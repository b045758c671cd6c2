// How a client in these tests talks with its test: in lines of JSON. It is told what it must know by
// its first argument, asks for what only others can do, and says at the end what it has learned.
import { createInterface } from "node:readline/promises";

export const told = JSON.parse(process.argv[2]);

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();

/** Ask the test for one thing, such as {go_to: address}; its answer. */
export async function ask(wish) {
  console.log(JSON.stringify(wish));
  return (await lines.next()).value;
}

/** Say what was learned; nothing can be asked after it. */
export function learn(learned) {
  console.log(JSON.stringify({ learned }));
  input.close();
}

/** The error code with which `attempt()` fails, or "accepted". */
export async function refusal(attempt) {
  try {
    await attempt();
  } catch (error) {
    return error.error ?? error.code ?? String(error);
  }
  return "accepted";
}
