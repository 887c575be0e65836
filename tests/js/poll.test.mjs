import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, load } from "./load.mjs";

const { poll, protocol } = load("61");
const hello = { type: "hello", version: 2, stopped_below: 0.5, silent_after_s: 120 };
const column = (names, value) => names.map(() => value);
const devices = (names) => ({ type: "devices", id: names.map((_, i) => i + 1), name: names, label: column(names, null), kind: column(names, null), fleet: column(names, null) });

/** A server with these devices, a page that asks it, and what the page was given. */
function bench(names) {
  const paths = [];
  const given = [];
  const known = new Set();
  let status = 200;
  const fetch = async (path) => {
    paths.push(path);
    return {
      ok: status === 200,
      status,
      arrayBuffer: async () => frame("snapshot", names.map((_, i) => ({ id: i + 1, lat: 1 }))),
      json: async () => ({ hello, devices: devices(names) }),
    };
  };
  const ask = poll.create({
    fetch,
    isNamed: (id) => known.has(id),
    onHello: () => given.push("hello"),
    onDevices: (message) => { message.id.forEach((id) => known.add(id)); given.push("devices"); },
    onFrame: (buffer) => given.push(protocol.decodeFrame(buffer).n),
  });
  return { ask, paths, given, names, fail: (code) => { status = code; } };
}

test("names are asked for first, and then only when a device is new", async () => {
  const b = bench(["a"]);
  const { signal } = new AbortController();
  await b.ask({ box: [0, 1, 2, 3] }, signal);
  await b.ask({ box: [0, 1, 2, 3] }, signal);
  b.names.push("b");
  await b.ask({}, signal);
  assert.deepEqual(b.given, ["hello", "devices", 1, 1, "hello", "devices", 2]);
  assert.deepEqual(b.paths.slice(0, 3), ["/api/v1/live/snapshot?bbox=0,1,2,3", "/api/v1/live/names?bbox=0,1,2,3", "/api/v1/live/snapshot?bbox=0,1,2,3"]);
});

test("a failure has its status, and what was given up is not applied", async () => {
  const b = bench(["a"]);
  b.fail(503);
  await assert.rejects(b.ask({}, new AbortController().signal), { status: 503 });
  b.fail(200);
  const gone = new AbortController();
  gone.abort();
  await b.ask({}, gone.signal);
  assert.deepEqual(b.given, []);
});
