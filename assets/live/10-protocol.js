/* The live protocol (docs/live-protocol.md): frames are checked and become typed-array views, or are refused. */
(function (global) {
  "use strict";
  const HEADER_BYTES = 56;
  const BYTES_PER_DEVICE = 20;
  const BYTES_PER_VALUE = 4;
  const BYTES_PER_LEFT = 4;
  const VERSION = 2;
  const PAUSED = 1;
  const VALUED = 2;
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
    const flags = view.getUint32(28, true);
    const valued = (flags & VALUED) !== 0;
    const leaving = view.getUint32(48, true);
    const perDevice = BYTES_PER_DEVICE + (valued ? BYTES_PER_VALUE : 0);
    const expected = HEADER_BYTES + perDevice * n + BYTES_PER_LEFT * leaving;
    if (buffer.byteLength !== expected) refuse(`${n} devices and ${leaving} that left take ${expected} bytes, it has ${buffer.byteLength}`);
    const asOf = view.getFloat64(8, true);
    if (!Number.isFinite(asOf)) refuse("its time is not a number");
    const newest = view.getUint32(24, true);
    let at = HEADER_BYTES;
    const column = (Type, length) => {
      const found = new Type(buffer, at, length);
      at += found.byteLength;
      return found;
    };
    return {
      kind,
      n,
      asOf,
      total: view.getUint32(16, true),
      sequence: view.getUint32(20, true),
      newestAgeMs: newest === NO_AGE ? null : newest,
      paused: (flags & PAUSED) !== 0,
      totals: {
        moving: view.getUint32(32, true),
        stopped: view.getUint32(36, true),
        silent: view.getUint32(40, true),
        unlocated: view.getUint32(44, true),
      },
      id: column(Uint32Array, n),
      lat: column(Int32Array, n),
      lon: column(Int32Array, n),
      ageMs: column(Uint32Array, n),
      value: valued ? column(Float32Array, n) : null,
      speed: column(Uint16Array, n),
      heading: column(Uint16Array, n),
      left: column(Uint32Array, leaving),
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

  function checkView(message) {
    const { box, every_ms, metric } = message;
    const usable = box === null || (Array.isArray(box) && box.length === 4 && box.every(Number.isFinite));
    if (!usable || !(every_ms > 0) || !isTextOrNull(metric)) refuse("view lacks its box, rate or metric");
    return message;
  }

  /** Read a text frame: hello, view or devices; null for a type this version does not know. Throws ProtocolError. */
  function decodeText(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      refuse("text that is no JSON");
    }
    if (message === null || typeof message !== "object") refuse("text that is no object");
    if (message.type === "hello") return checkHello(message);
    if (message.type === "view") return checkView(message);
    if (message.type === "devices") return checkDevices(message);
    return null;
  }

  /** Read the answer of /api/v1/live/names: {hello, devices}. Throws ProtocolError. */
  function checkNames(answer) {
    if (answer === null || typeof answer !== "object" || !answer.hello || !answer.devices) refuse("names lack hello or devices");
    return { hello: checkHello(answer.hello), devices: checkDevices(answer.devices) };
  }

  /** The message that asks for a view {box: [west, south, east, north] or null, everyMs, metric, also}; what is left
      out is everything, as often as the server likes. `since` is asOf of the last frame applied, or null. */
  function encodeView(view, since = null) {
    const said = { type: "view", box: view.box || null, metric: view.metric || null, also: view.also || [] };
    if (view.everyMs) said.every_ms = Math.round(Math.min(60000, Math.max(100, view.everyMs)));
    if (since !== null) said.since = since;
    return JSON.stringify(said);
  }

  /** The query part of an address under /api/v1/live/ for the same view. */
  function viewQuery(view) {
    const params = new URLSearchParams();
    if (view.box) params.set("bbox", view.box.join(","));
    if (view.metric) params.set("metric", view.metric);
    if (view.box && view.also && view.also.length) params.set("also", view.also.join(","));
    const text = params.toString().replace(/%2C/g, ",");
    return text ? `?${text}` : "";
  }

  global.waypost = global.waypost || {};
  global.waypost.protocol = { ProtocolError, NO_LATITUDE, UNKNOWN, decodeFrame, decodeText, checkNames, encodeView, viewQuery };
})(globalThis);
