// Messages of the PostgreSQL protocol 3.0: taking them apart and putting them together. Nothing here knows a database.

const CODE_OF_SSL_REQUEST = 80877103;
const CODE_OF_GSS_REQUEST = 80877104;
const CODE_OF_CANCEL_REQUEST = 80877102;

/** Cuts the bytes of a client into messages, whole ones only. */
export class ClientReader {
  #rest = Buffer.alloc(0);
  #started = false;

  /** The messages that are complete with `chunk`, as {type, bytes}; `bytes` is the message with its header. */
  *push(chunk) {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    for (let found = this.#next(); found !== null; found = this.#next()) yield found;
  }

  #next() {
    if (!this.#started) return this.#nextOfHandshake();
    if (this.#rest.length < 5) return null;
    const bytes = this.#take(1 + this.#rest.readInt32BE(1));
    return bytes && { type: String.fromCharCode(bytes[0]), bytes };
  }

  /** Before the session begins messages have no type: they are told apart by a number after their length. */
  #nextOfHandshake() {
    if (this.#rest.length < 8) return null;
    const code = this.#rest.readInt32BE(4);
    const bytes = this.#take(this.#rest.readInt32BE(0));
    if (bytes === null) return null;
    if (code === CODE_OF_SSL_REQUEST || code === CODE_OF_GSS_REQUEST) return { type: "encryption", bytes };
    if (code === CODE_OF_CANCEL_REQUEST) return { type: "cancel", bytes };
    this.#started = true;
    return { type: "startup", bytes };
  }

  #take(length) {
    if (this.#rest.length < length) return null;
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }
}

/** The messages in what the server said, which are always whole. */
export function* messagesOf(output) {
  for (let at = 0; at < output.length; ) {
    const end = at + 1 + output.readInt32BE(at + 1);
    yield { type: String.fromCharCode(output[at]), bytes: output.subarray(at, end) };
    at = end;
  }
}

/** Whether there is an error in what the server said. */
export function hasFailed(output) {
  for (const { type } of messagesOf(output)) if (type === "E") return true;
  return false;
}

/** What follows a message's header. */
export function bodyOf(bytes) {
  return bytes.subarray(5);
}

/** The text that ends at the next zero byte, and where the rest begins. */
export function readText(body, from = 0) {
  const end = body.indexOf(0, from);
  return [body.toString("utf8", from, end), end + 1];
}

/** A message; its parts are texts (each gets its zero byte) and buffers. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : part)));
  const header = Buffer.alloc(5);
  header.write(type, "latin1");
  header.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([header, body]);
}

// What a client says.
export const query = (sql) => message("Q", sql);
export const closeStatement = (name) => message("C", Buffer.from("S"), name);
export const sync = () => message("S");

// What a server says.
export const encryptionRefused = () => Buffer.from("N");
export const readyForQuery = (status) => message("Z", Buffer.from(status));

/** Accepts a client. */
export function welcome(pid, parameters) {
  const key = Buffer.alloc(8);
  key.writeInt32BE(pid, 0);
  return Buffer.concat([
    message("R", Buffer.alloc(4)),
    ...Object.entries(parameters).map(([name, value]) => message("S", name, value)),
    message("K", key),
    readyForQuery("I"),
  ]);
}

/** An error. A FATAL one is followed by the end of the connection. */
export function errorResponse(code, text, severity = "ERROR") {
  return message("E", `S${severity}`, `V${severity}`, `C${code}`, `M${text}`, Buffer.alloc(1));
}

/** "Go ahead" to COPY FROM STDIN. */
export function copyInResponse(binary, columns) {
  const format = binary ? 1 : 0;
  const body = Buffer.alloc(3 + 2 * columns);
  body.writeInt8(format, 0);
  body.writeInt16BE(columns, 1);
  for (let column = 0; column < columns; column++) body.writeInt16BE(format, 3 + 2 * column);
  return message("G", body);
}

/** The fields of a notice or an error, by their letters. */
export function fieldsOf(bytes) {
  const body = bodyOf(bytes);
  const fields = {};
  for (let at = 0; body[at] !== 0; ) {
    const [value, next] = readText(body, at + 1);
    fields[String.fromCharCode(body[at])] = value;
    at = next;
  }
  return fields;
}
