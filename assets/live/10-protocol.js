/* The live protocol (docs/live-protocol.md): frames are checked and become typed-array views, or are refused. */
(function (global) {
  "use strict";
  const HEADER_BYTES = 32;
  const BYTES_PER_DEVICE = 20;
  const VERSION = 1;
  const NO_LATITUDE = -2147483648;
  const UNKNOWN = 65535;
  const NO_AGE = 0xffffffff;
  const KINDS = [null, "snapshot", "delta", "heartbeat"];

  /** A frame that does not follow the protocol. */
  class ProtocolError extends Error {}

  function refuse(why) {
    throw new ProtocolError(`live frame refused: ${why}`);
  }

  /** Read a binary frame (ArrayBuffer). The columns are views over it, not copies. Throws ProtocolError. */
  function decodeFrame(buffer) {
    if (buffer.byteLength < HEADER_BYTES) refuse(`${buffer.byteLength} bytes are less than a header`);
    const view = new DataView(buffer);
    if (view.getUint8(0) !== 0x57 || view.getUint8(1) !== 0x50) refuse("it does not begin with WP");
    if (view.getUint8(2) !== VERSION) refuse(`version ${view.getUint8(2)} is not known`);
    const kind = KINDS[view.getUint8(3)];
    if (!kind) refuse(`kind ${view.getUint8(3)} is not known`);
    const n = view.getUint32(4, true);
    const expected = HEADER_BYTES + BYTES_PER_DEVICE * n;
    if (buffer.byteLength !== expected) refuse(`${n} devices take ${expected} bytes, it has ${buffer.byteLength}`);
    const asOf = view.getFloat64(8, true);
    if (!Number.isFinite(asOf)) refuse("its time is not a number");
    const newest = view.getUint32(24, true);
    const column = (Type, words) => new Type(buffer, HEADER_BYTES + words * n, n);
    return {
      kind,
      n,
      asOf,
      total: view.getUint32(16, true),
      sequence: view.getUint32(20, true),
      newestAgeMs: newest === NO_AGE ? null : newest,
      paused: (view.getUint32(28, true) & 1) === 1,
      id: column(Uint32Array, 0),
      lat: column(Int32Array, 4),
      lon: column(Int32Array, 8),
      ageMs: column(Uint32Array, 12),
      speed: column(Uint16Array, 16),
      heading: column(Uint16Array, 18),
    };
  }

  function isTextOrNull(value) {
    return value === null || typeof value === "string";
  }

  function checkHello(message) {
    if (message.version !== VERSION) refuse(`hello speaks of version ${message.version}`);
    if (!(message.stopped_below >= 0) || !(message.silent_after_s > 0)) refuse("hello lacks its limits");
    return message;
  }

  function checkDevices(message) {
    const { id, name, label, kind, fleet } = message;
    const columns = [id, name, label, kind, fleet];
    if (!columns.every(Array.isArray)) refuse("devices lack a column");
    if (!columns.every((column) => column.length === id.length)) refuse("columns of devices differ in length");
    if (!id.every((value) => Number.isInteger(value) && value >= 0)) refuse("an id of devices is no whole number");
    if (!name.every((value) => typeof value === "string")) refuse("a name of devices is no text");
    if (![label, kind, fleet].every((column) => column.every(isTextOrNull))) refuse("devices have a value that is no text");
    return message;
  }

  /** Read a text frame: hello or devices; null for a type this version does not know. Throws ProtocolError. */
  function decodeText(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      refuse("text that is no JSON");
    }
    if (message === null || typeof message !== "object") refuse("text that is no object");
    if (message.type === "hello") return checkHello(message);
    if (message.type === "devices") return checkDevices(message);
    return null;
  }

  global.waypost = global.waypost || {};
  global.waypost.protocol = { ProtocolError, NO_LATITUDE, UNKNOWN, decodeFrame, decodeText };
})(globalThis);
