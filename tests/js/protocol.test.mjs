import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, load } from "./load.mjs";

const { protocol } = load("10");
const bus = { id: 7, lat: 30.2672, lon: -97.7431, ageMs: 1200, speed: 834, heading: 27150 };

test("a frame becomes views over its buffer", () => {
  const buffer = frame("delta", [bus, { id: 4000000000, lat: null }], { asOf: 1795382343123.5, total: 9, sequence: 3, newestAgeMs: 1200, flags: 1 });
  const read = protocol.decodeFrame(buffer);
  assert.equal(read.kind, "delta");
  assert.deepEqual([read.n, read.asOf, read.total, read.sequence, read.newestAgeMs, read.paused], [2, 1795382343123.5, 9, 3, 1200, true]);
  assert.deepEqual(Array.from(read.id), [7, 4000000000]);
  assert.deepEqual(Array.from(read.lat), [302672000, protocol.NO_LATITUDE]);
  assert.equal(read.lon[0], -977431000);
  assert.deepEqual([read.ageMs[0], read.speed[0], read.heading[0]], [1200, 834, 27150]);
  assert.deepEqual([read.speed[1], read.heading[1]], [protocol.UNKNOWN, protocol.UNKNOWN]);
  assert.equal(read.id.buffer, buffer);
});

test("values, totals, and the ids of those that left", () => {
  const header = { valued: true, left: [9, 4000000000], totals: [3, 2, 1, 5], total: 6 };
  const read = protocol.decodeFrame(frame("delta", [{ ...bus, value: 0.5 }, { id: 8, lat: null }], header));
  assert.deepEqual([read.value[0], Number.isNaN(read.value[1]), read.speed[0], read.heading[0]], [0.5, true, 834, 27150]);
  assert.deepEqual(Array.from(read.left), [9, 4000000000]);
  assert.deepEqual(read.totals, { moving: 3, stopped: 2, silent: 1, unlocated: 5 });
  const plain = protocol.decodeFrame(frame("delta", [bus]));
  assert.deepEqual([plain.value, plain.left.length], [null, 0]);
});

test("a view is asked for in the words of the protocol", () => {
  assert.deepEqual(JSON.parse(protocol.encodeView({})), { type: "view", box: null, metric: null, also: [] });
  const view = { box: [-98, 30, -97, 31], everyMs: 1, metric: "battery", also: [7, "bus-1"] };
  assert.deepEqual(JSON.parse(protocol.encodeView(view, 5.5)), { type: "view", box: [-98, 30, -97, 31], metric: "battery", also: [7, "bus-1"], every_ms: 100, since: 5.5 });
  assert.equal(protocol.viewQuery(view), "?bbox=-98,30,-97,31&metric=battery&also=7,bus-1");
  assert.equal(protocol.viewQuery({}), "");
});

test("the answer with the names is checked", () => {
  const hello = { type: "hello", version: 2, stopped_below: 0.5, silent_after_s: 120 };
  const devices = { type: "devices", id: [1], name: ["a"], label: [null], kind: [null], fleet: [null] };
  assert.equal(protocol.checkNames({ hello, devices }).devices.name[0], "a");
  for (const bad of [null, 3, {}, { hello }, { hello: { ...hello, version: 1 }, devices }, { hello, devices: { ...devices, id: [] } }]) {
    assert.throws(() => protocol.checkNames(bad), protocol.ProtocolError);
  }
});

test("a heartbeat has no devices, and no newest age means no data", () => {
  const read = protocol.decodeFrame(frame("heartbeat"));
  assert.deepEqual([read.kind, read.n, read.newestAgeMs, read.paused], ["heartbeat", 0, null, false]);
});

const malformed = {
  "an empty buffer": new ArrayBuffer(0),
  "half a header": new ArrayBuffer(16),
  "another magic": (() => { const buffer = frame("delta"); new Uint8Array(buffer)[0] = 0x58; return buffer; })(),
  "another version": frame("delta", [], { version: 1 }),
  "kind 0": frame(0),
  "kind 4": frame(4),
  "more devices than bytes": frame("delta", [bus], { n: 2 }),
  "fewer devices than bytes": frame("delta", [bus], { n: 0 }),
  "a huge count": frame("delta", [bus], { n: 0xffffffff }),
  "one byte too many": new Uint8Array([...new Uint8Array(frame("delta", [bus])), 0]).buffer,
  "more that left than bytes": frame("delta", [bus], { leaving: 1 }),
  "a huge count of those that left": frame("delta", [bus], { leaving: 0xffffffff }),
  "values that are not there": frame("delta", [bus], { flags: 2 }),
  "a time that is no number": frame("delta", [], { asOf: NaN }),
};
for (const [name, buffer] of Object.entries(malformed)) {
  test(`${name} is refused`, () => assert.throws(() => protocol.decodeFrame(buffer), protocol.ProtocolError));
}

test("hello and devices are read, an unknown type is passed over", () => {
  assert.equal(protocol.decodeText('{"type":"hello","version":2,"stopped_below":0.5,"silent_after_s":120}').silent_after_s, 120);
  const devices = protocol.decodeText('{"type":"devices","id":[1],"name":["a"],"label":[null],"kind":["bus"],"fleet":[null]}');
  assert.deepEqual(devices.name, ["a"]);
  assert.equal(protocol.decodeText('{"type":"news"}'), null);
});

const badTexts = {
  "no JSON": "{",
  "no object": "3",
  "null": "null",
  "hello of another version": '{"type":"hello","version":1,"stopped_below":0.5,"silent_after_s":120}',
  "hello without limits": '{"type":"hello","version":2}',
  "a view without its rate": '{"type":"view","box":null,"metric":null}',
  "a view with half a box": '{"type":"view","box":[1,2],"every_ms":100,"metric":null}',
  "devices without a column": '{"type":"devices","id":[1],"name":["a"],"label":[null],"kind":[null]}',
  "devices with columns of differing length": '{"type":"devices","id":[1,2],"name":["a"],"label":[null],"kind":[null],"fleet":[null]}',
  "devices whose name is no text": '{"type":"devices","id":[1],"name":[5],"label":[null],"kind":[null],"fleet":[null]}',
  "devices whose id is no number": '{"type":"devices","id":["1"],"name":["a"],"label":[null],"kind":[null],"fleet":[null]}',
  "devices whose label is an object": '{"type":"devices","id":[1],"name":["a"],"label":[{}],"kind":[null],"fleet":[null]}',
};
for (const [name, text] of Object.entries(badTexts)) {
  test(`text: ${name} is refused`, () => assert.throws(() => protocol.decodeText(text), protocol.ProtocolError));
}
