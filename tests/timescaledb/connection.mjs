// One client: turns its messages into jobs for the shared session, under names that no other client uses.

import * as sql from "./sql.mjs";
import * as wire from "./wire.mjs";

export class Connection {
  pid = null;
  /** Channels it listens to. */
  channels = new Set();
  #statements = new Set();
  #socket;
  #session;
  #reader = new wire.ClientReader();
  /** Messages of the extended protocol up to the next Sync or Flush. */
  #batch = [];
  /** After an error the server skips everything up to the next Sync. */
  #isSkipping = false;
  #copy = null;

  constructor(socket, session) {
    this.#socket = socket;
    this.#session = session;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => session.leave(this));
  }

  /** Names of its prepared statements in the shared session. */
  get statements() {
    return [...this.#statements];
  }

  write(bytes) {
    if (bytes.length > 0 && this.#socket.writable) this.#socket.write(bytes);
  }

  /** End the connection with an error. */
  terminate(reason) {
    this.write(wire.errorResponse("57P01", reason, "FATAL"));
    this.#socket.destroySoon();
    this.#session.leave(this);
  }

  #read(chunk) {
    for (const { type, bytes } of this.#reader.push(chunk)) {
      if (!this.#socket.writable) return;
      this.#receive(type, bytes);
    }
  }

  #receive(type, bytes) {
    switch (type) {
      case "encryption":
        return this.write(wire.encryptionRefused());
      case "cancel": // nothing could be interrupted: while a statement runs, this program does not read
        return this.#socket.destroy();
      case "startup": // user, database and settings are not looked at: there is one of each
        this.pid = this.#session.enter(this);
        return this.write(wire.welcome(this.pid, this.#session.parameters));
      case "X":
        return this.#socket.end();
      case "Q":
        return this.#receiveQuery(bytes);
      case "d":
      case "c":
      case "f":
        return this.#receiveCopy(type, bytes);
      case "F":
        return this.#submit((engine) => engine.send(bytes));
      default:
        return this.#receiveExtended(type, bytes);
    }
  }

  #receiveQuery(bytes) {
    const [text] = wire.readText(wire.bodyOf(bytes));
    const copy = sql.copyFromStdin(text);
    if (copy === null) return this.#submit((engine) => engine.send(wire.query(this.#translateSql(text, engine))));
    // The server would read the data from the same buffer as the query, so they are gathered first. That a COPY
    // cannot work at all (no such table, say) comes out at its end.
    this.#copy = [bytes];
    const dropCopy = () => (this.#copy = null);
    return this.#submit(() => wire.copyInResponse(copy.binary, copy.columns), dropCopy);
  }

  #receiveCopy(type, bytes) {
    if (this.#copy === null) return; // what a client still sends after an error
    this.#copy.push(bytes);
    if (type === "d") return;
    const everything = Buffer.concat(this.#copy);
    this.#copy = null;
    this.#submit((engine) => {
      const answer = [...wire.messagesOf(engine.send(everything))].filter((one) => one.type !== "G");
      return Buffer.concat(answer.map((one) => one.bytes));
    });
  }

  #receiveExtended(type, bytes) {
    if (type === "H" && this.#batch.length === 0) return; // psycopg sends one after a Sync: every answer is out already
    this.#batch.push({ type, bytes });
    if (type !== "S" && type !== "H") return;
    const batch = this.#batch;
    this.#batch = [];
    const run = (engine) => Buffer.concat(batch.map((one) => this.#runExtended(one, engine)));
    // After a Flush the unnamed statement and portal are still in use, so nobody else may come in between.
    this.#session.submit({ connection: this, run, refuse: (error) => this.#refuse(type, error), holds: type === "H" });
  }

  /** Answer messages up to a Sync or Flush with `error`, once however many of them there are before the Sync. */
  #refuse(type, error) {
    if (!this.#isSkipping) this.write(error);
    this.#isSkipping = type !== "S";
    if (type === "S") this.write(wire.readyForQuery("I"));
  }

  #runExtended({ type, bytes }, engine) {
    if (type === "S") this.#isSkipping = false;
    if (this.#isSkipping) return Buffer.alloc(0);
    const answer = this.#sendExtended(type, bytes, engine);
    this.#isSkipping = wire.hasFailed(answer);
    return answer;
  }

  #sendExtended(type, bytes, engine) {
    const body = wire.bodyOf(bytes);
    switch (type) {
      case "P":
        return this.#sendParse(body, engine);
      case "B": {
        const [portal, afterPortal] = wire.readText(body);
        const [name, afterName] = wire.readText(body, afterPortal);
        return engine.send(wire.message("B", portal, this.#shared(name), body.subarray(afterName)));
      }
      case "D":
      case "C": {
        const [kindAndName] = wire.readText(body);
        if (kindAndName.startsWith("P")) return engine.send(bytes);
        return engine.send(wire.message(type, `S${this.#shared(kindAndName.slice(1))}`));
      }
      default:
        return engine.send(bytes);
    }
  }

  #sendParse(body, engine) {
    const [name, afterName] = wire.readText(body);
    const [text, afterText] = wire.readText(body, afterName);
    if (sql.copyFromStdin(text) !== null) {
      return wire.errorResponse("0A000", "COPY FROM STDIN works in the simple protocol only (see tests/timescaledb).");
    }
    const translated = this.#translateSql(text, engine);
    if (name !== "") this.#statements.add(this.#shared(name));
    return engine.send(wire.message("P", this.#shared(name), translated, body.subarray(afterText)));
  }

  /** The name of a prepared statement in the shared session. The unnamed one is used up before anyone else's turn. */
  #shared(name) {
    return name === "" ? "" : this.#prefix + name;
  }

  get #prefix() {
    return `c${this.pid}_`;
  }

  /** `text` as it means the same in the shared session. */
  #translateSql(text, engine) {
    if (sql.closesAll(text)) {
      for (const name of this.#statements) engine.send(wire.closeStatement(name));
      this.#statements.clear();
      return sql.HARMLESS;
    }
    for (const { listen, channel } of sql.listeningIn(text)) {
      if (listen) this.channels.add(channel);
      else if (channel === "*") this.channels.clear();
      else this.channels.delete(channel);
    }
    const renamed = sql.renameDeallocated(text, this.#prefix);
    const told = sql.withOwnPid(sql.withoutUnlisten(renamed), this.pid);
    return sql.withTerminated(told, (pid) => this.#session.terminate(pid));
  }

  /** Queue a job of one message, or of a COPY with its data. */
  #submit(run, onRefused = () => {}) {
    const refuse = (error) => {
      onRefused();
      this.write(Buffer.concat([error, wire.readyForQuery("I")]));
    };
    this.#session.submit({ connection: this, run, refuse, holds: false });
  }
}
