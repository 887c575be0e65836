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

test("a heartbeat has no devices, and no newest age means no data", () => {
  const read = protocol.decodeFrame(frame("heartbeat"));
  assert.deepEqual([read.kind, read.n, read.newestAgeMs, read.paused], ["heartbeat", 0, null, false]);
});

const malformed = {
  "an empty buffer": new ArrayBuffer(0),
  "half a header": new ArrayBuffer(16),
  "another magic": (() => { const buffer = frame("delta"); new Uint8Array(buffer)[0] = 0x58; return buffer; })(),
  "another version": frame("delta", [], { version: 2 }),
  "kind 0": frame(0),
  "kind 4": frame(4),
  "more devices than bytes": frame("delta", [bus], { n: 2 }),
  "fewer devices than bytes": frame("delta", [bus], { n: 0 }),
  "a huge count": frame("delta", [bus], { n: 0xffffffff }),
  "one byte too many": new Uint8Array([...new Uint8Array(frame("delta", [bus])), 0]).buffer,
  "a time that is no number": frame("delta", [], { asOf: NaN }),
};
for (const [name, buffer] of Object.entries(malformed)) {
  test(`${name} is refused`, () => assert.throws(() => protocol.decodeFrame(buffer), protocol.ProtocolError));
}

test("hello and devices are read, an unknown type is passed over", () => {
  assert.equal(protocol.decodeText('{"type":"hello","version":1,"stopped_below":0.5,"silent_after_s":120}').silent_after_s, 120);
  const devices = protocol.decodeText('{"type":"devices","id":[1],"name":["a"],"label":[null],"kind":["bus"],"fleet":[null]}');
  assert.deepEqual(devices.name, ["a"]);
  assert.equal(protocol.decodeText('{"type":"news"}'), null);
});

const badTexts = {
  "no JSON": "{",
  "no object": "3",
  "null": "null",
  "hello of another version": '{"type":"hello","version":2,"stopped_below":0.5,"silent_after_s":120}',
  "hello without limits": '{"type":"hello","version":1}',
  "devices without a column": '{"type":"devices","id":[1],"name":["a"],"label":[null],"kind":[null]}',
  "devices with columns of differing length": '{"type":"devices","id":[1,2],"name":["a"],"label":[null],"kind":[null],"fleet":[null]}',
  "devices whose name is no text": '{"type":"devices","id":[1],"name":[5],"label":[null],"kind":[null],"fleet":[null]}',
  "devices whose id is no number": '{"type":"devices","id":["1"],"name":["a"],"label":[null],"kind":[null],"fleet":[null]}',
  "devices whose label is an object": '{"type":"devices","id":[1],"name":["a"],"label":[{}],"kind":[null],"fleet":[null]}',
};
for (const [name, text] of Object.entries(badTexts)) {
  test(`text: ${name} is refused`, () => assert.throws(() => protocol.decodeText(text), protocol.ProtocolError));
}
