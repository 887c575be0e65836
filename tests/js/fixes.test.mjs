import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { fixes, protocol, store: stores } = load("93");
const FROM = 1_795_000_000_000;
const LIMITS = { stoppedBelow: 50, silentAfterMs: 120000 };

/** A chunk as the server makes it; `rows` are [id, offset in s, lat, lon, speed, heading]. */
export function chunkOf(rows, header = {}) {
  const n = rows.length;
  const buffer = new ArrayBuffer(32 + 20 * n);
  const view = new DataView(buffer);
  view.setUint16(0, header.magic ?? 0x5742);
  view.setUint8(2, header.version ?? 1);
  view.setUint32(4, header.n ?? n, true);
  view.setFloat64(8, header.from ?? FROM, true);
  view.setFloat64(16, header.to ?? FROM + 60000, true);
  view.setUint32(24, 1000, true);
  rows.forEach(([id, offset, lat, lon, speed = 65535, heading = 65535], i) => {
    view.setUint32(32 + 4 * i, id, true);
    view.setInt32(32 + 4 * n + 4 * i, Math.round(lat * 1e7), true);
    view.setInt32(32 + 8 * n + 4 * i, Math.round(lon * 1e7), true);
    view.setInt32(32 + 12 * n + 4 * i, offset * 1000, true);
    view.setUint16(32 + 16 * n + 2 * i, speed, true);
    view.setUint16(32 + 18 * n + 2 * i, heading, true);
  });
  return buffer;
}

const at = (rows, seconds, held = []) => fixes.frameAt(fixes.decode(chunkOf(rows)), FROM + seconds * 1000, held, LIMITS);
const placesOf = (frame) => Array.from({ length: frame.n }, (_, i) => [frame.id[i], frame.lat[i] / 1e7, frame.lon[i] / 1e7]);

test("between two fixes a device is on the straight way, before its first it is not there", () => {
  const rows = [[7, -10, 1, 10, 100, 9000], [7, 10, 2, 20], [8, 20, 5, 5]];
  assert.deepEqual(placesOf(at(rows, -11)), []);
  assert.deepEqual(placesOf(at(rows, -10)), [[7, 1, 10]]);
  assert.deepEqual(placesOf(at(rows, 0)), [[7, 1.5, 15]]);
  assert.deepEqual(placesOf(at(rows, 10)), [[7, 2, 20]]);
  assert.deepEqual(placesOf(at(rows, 30)), [[7, 2, 20], [8, 5, 5]], "after its last it stays");
  const frame = at(rows, 0);
  assert.deepEqual([frame.ageMs[0], frame.speed[0], frame.heading[0], frame.newestAgeMs, frame.asOf], [10000, 100, 9000, 10000, FROM]);
});

test("a way that takes longer than 5 min is not known: the device stays, then is elsewhere", () => {
  const rows = [[7, 0, 1, 10], [7, 301, 2, 20]];
  assert.deepEqual(placesOf(at(rows, 300)), [[7, 1, 10]]);
  assert.deepEqual(placesOf(at(rows, 301)), [[7, 2, 20]]);
});

test("across the antimeridian it takes the short way", () => {
  const rows = [[7, 0, 0, 179], [7, 10, 0, -179]];
  assert.deepEqual([2, 5, 8].map((s) => at(rows, s).lon[0] / 1e7), [179.4, 180, -179.4]);
  const back = [[7, 0, 0, -179], [7, 10, 0, 179]];
  assert.deepEqual([2, 8].map((s) => at(back, s).lon[0] / 1e7), [-179.4, 179.4]);
});

test("totals follow the store's rule, and what is not to be seen has left", () => {
  const rows = [[1, 0, 0, 0, 50], [2, 0, 0, 0, 49], [3, 0, 0, 0], [4, -110, 0, 0, 900], [5, 30, 0, 0, 900]];
  const frame = at(rows, 11, [1, 5, 9]);
  assert.deepEqual([frame.total, frame.totals], [4, { moving: 1, stopped: 2, silent: 1, unlocated: 0 }]);
  assert.deepEqual(frame.left, [5, 9]);
  const store = stores.create();
  stores.applyFrame(store, frame, 0, 50_000_000);
  assert.deepEqual(stores.counts(store, frame.asOf).by, [1, 2, 1]);
});

test("the last fix at or before a moment, against a plain search", () => {
  const rows = [];
  for (let id = 1; id <= 20; id++) for (let i = 0; i < id % 7 + 1; i++) rows.push([id, i * id, 0, 0]);
  const chunk = fixes.decode(chunkOf(rows));
  assert.equal(chunk.ids.length, 20);
  for (let k = 0; k < 20; k++) {
    for (let seconds = -1; seconds < 60; seconds++) {
      let expected = -1;
      for (let i = chunk.begins[k]; i < chunk.begins[k + 1]; i++) if (chunk.offset[i] <= seconds * 1000) expected = i;
      assert.equal(fixes.lastAt(chunk, k, seconds * 1000), expected);
    }
  }
});

const malformed = {
  "an empty buffer": new ArrayBuffer(0),
  "a live frame": chunkOf([], { magic: 0x5750 }),
  "another version": chunkOf([], { version: 2 }),
  "more fixes than bytes": chunkOf([[1, 0, 0, 0]], { n: 2 }),
  "a huge count": chunkOf([], { n: 0xffffffff }),
  "a span that ends before it begins": chunkOf([], { to: FROM }),
  "a time that is no number": chunkOf([], { from: NaN }),
};
for (const [name, buffer] of Object.entries(malformed)) {
  test(`${name} is refused`, () => assert.throws(() => fixes.decode(buffer), protocol.ProtocolError));
}
