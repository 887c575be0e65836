// A TimescaleDB for tests: `node server.mjs [port [seconds of patience]]`. See README.md.
//
// It prints a line of JSON once it listens, and obeys lines on standard input: "reset" empties its database, "keep"
// remembers it as it is, "restore" makes it that again. It ends with that input, so it never outlives whoever started it.

import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { Connection } from "./connection.mjs";
import { Engine } from "./engine.mjs";
import { Session } from "./session.mjs";

const COMMANDS = ["reset", "keep", "restore"];

function say(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Follow the commands on standard input; `session` is a promise, because input may end before there is one. */
function follow(session) {
  const lines = createInterface({ input: process.stdin });
  lines.on("close", () => process.exit(0));
  lines.on("line", async (line) => {
    const command = line.trim();
    if (!COMMANDS.includes(command)) return;
    await (await session)[command](`terminating connection: the database is asked to ${command}`);
    say({ event: command });
  });
}

async function openSession(patienceMs) {
  const engine = await Engine.start();
  return new Session(engine, { parameters: await engine.parameters(), patienceMs });
}

async function main([port = "0", patience = "10"]) {
  const opening = openSession(Number(patience) * 1000);
  follow(opening);
  const session = await opening;
  const server = createServer((socket) => new Connection(socket, session));
  server.listen(Number(port), "127.0.0.1", () => say({ event: "listening", port: server.address().port }));
}

await main(process.argv.slice(2));
