// Shares the one session of the database between connections: whose turn it is, and what each of them gets to see.

import { RESET_SESSION, isArtefact } from "./engine.mjs";
import { bodyOf, closeStatement, errorResponse, messagesOf, query, readText, sync } from "./wire.mjs";

const FIRST_PID = 1001;

/**
 * A queue of jobs. A job is {connection, run, refuse, holds}: `run(engine)` gives the answer for the connection,
 * `refuse(error)` tells it that the job was dropped, and `holds` says that no other connection may come in between.
 */
export class Session {
  #engine;
  #patienceMs;
  #connections = new Set();
  #queue = [];
  #nextPid = FIRST_PID;
  /** The connection whose transaction is open. Jobs of all others wait until it ends. */
  #owner = null;
  #impatience = null;
  #isPaused = false;
  #isPumping = false;
  #resetting = Promise.resolve();

  constructor(engine, { parameters, patienceMs }) {
    this.#engine = engine;
    this.#patienceMs = patienceMs;
    this.parameters = parameters;
  }

  /** Let a connection in; its process id. */
  enter(connection) {
    this.#connections.add(connection);
    return this.#nextPid++;
  }

  submit(job) {
    this.#queue.push(job);
    this.#pump();
  }

  /** Forget a connection that ended, in whatever state it was. */
  leave(connection) {
    if (!this.#connections.delete(connection)) return;
    this.#queue = this.#queue.filter((job) => job.connection !== connection);
    if (this.#isPaused) return;
    this.#guarded(() => this.#cleanUpAfter(connection));
    this.#pump();
  }

  /** End the connection with this process id; whether there was one. */
  terminate(pid) {
    const found = [...this.#connections].find((connection) => connection.pid === pid);
    found?.terminate("terminating connection due to administrator command");
    return found !== undefined;
  }

  /** End all connections and make the database empty. */
  reset(reason) {
    return this.#alone(reason, (engine) => engine.reset());
  }

  /** End all connections and remember the database as it is. */
  keep(reason) {
    return this.#alone(reason, (engine) => engine.keep());
  }

  /** End all connections and make the database what was kept. */
  restore(reason) {
    return this.#alone(reason, (engine) => engine.restore());
  }

  #alone(reason, action) {
    this.#isPaused = true;
    this.#resetting = this.#resetting.then(() => this.#aloneNow(reason, action));
    return this.#resetting;
  }

  async #aloneNow(reason, action) {
    this.#isPaused = true;
    for (const connection of this.#connections) connection.terminate(reason);
    this.#connections.clear();
    this.#queue = [];
    this.#owner = null;
    await action(this.#engine);
    this.#isPaused = false;
    this.#pump();
  }

  #pump() {
    if (this.#isPumping) return; // a job may end another connection
    this.#isPumping = true;
    while (!this.#isPaused) {
      const next = this.#owner === null ? 0 : this.#queue.findIndex((job) => job.connection === this.#owner);
      if (next === -1 || this.#queue.length === 0) break;
      const [job] = this.#queue.splice(next, 1);
      this.#guarded(() => this.#run(job));
    }
    this.#isPumping = false;
    this.#watch();
  }

  #run({ connection, run, holds }) {
    clearTimeout(this.#impatience);
    this.#impatience = null;
    const status = this.#deliver(connection, run(this.#engine));
    if (status !== null) this.#owner = status === "I" ? null : connection;
    else if (holds) this.#owner = connection;
  }

  /** Give `connection` its answer and the listeners their notifications; the state of the transaction, if said. */
  #deliver(connection, output) {
    const answer = [];
    let status = null;
    for (const found of messagesOf(output)) {
      if (found.type === "A") this.#notify(found.bytes, connection.pid);
      else if (!isArtefact(found)) answer.push(found.bytes);
      if (found.type === "Z") status = String.fromCharCode(bodyOf(found.bytes)[0]);
    }
    connection.write(Buffer.concat(answer));
    return status;
  }

  #notify(bytes, pid) {
    const [channel] = readText(bodyOf(bytes), 4);
    const notification = Buffer.from(bytes);
    notification.writeInt32BE(pid, 5); // the server says 0: it has no process id
    for (const connection of this.#connections) if (connection.channels.has(channel)) connection.write(notification);
  }

  /** Wait for the owner of the session, but not for ever: a test that deadlocks should say why. */
  #watch() {
    if (this.#owner === null || this.#queue.length === 0 || this.#isPaused) return;
    this.#impatience ??= setTimeout(() => this.#refuseWaiting(), this.#patienceMs);
  }

  #refuseWaiting() {
    this.#impatience = null;
    const error = errorResponse(
      // Not a code of a lost connection or of a lock: an application would try again, and the test would hang.
      "0A000",
      `This TimescaleDB is a single session (see tests/timescaledb), and connection ${this.#owner.pid} kept it in a` +
        ` transaction for ${this.#patienceMs / 1000} s without a statement. End the transaction before another` +
        " connection asks, or use autocommit.",
    );
    const refused = this.#queue;
    this.#queue = [];
    for (const job of refused) job.refuse(error);
  }

  #cleanUpAfter(connection) {
    if (this.#owner === connection) {
      this.#owner = null;
      // First: a Sync alone would commit what was sent before it, outside of BEGIN. Last: had there been an error,
      // the server did not look at anything before the Sync.
      this.#tell(query("ROLLBACK"), sync(), query("ROLLBACK"));
    }
    if (this.#connections.size === 0) return this.#tell(...RESET_SESSION.map(query));
    const others = [...this.#connections];
    const deserted = [...connection.channels].filter((name) => !others.some((other) => other.channels.has(name)));
    this.#tell(
      ...connection.statements.map(closeStatement),
      sync(),
      ...deserted.map((name) => query(`UNLISTEN "${name.replaceAll('"', '""')}"`)),
    );
  }

  #tell(...messages) {
    for (const one of messages) this.#engine.send(one);
  }

  /** Do `action`. Where WebAssembly fails the server is lost with all its data: begin anew, as after a crash. */
  #guarded(action) {
    try {
      action();
    } catch (error) {
      console.error(error);
      this.reset(`The server crashed and its database is empty again: ${error.message}`);
    }
  }
}
