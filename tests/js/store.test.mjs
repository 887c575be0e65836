import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, load } from "./load.mjs";

const { protocol, projection, store: stores } = load("20");
const START = 1_000_000;

function filled(devices, header = {}) {
  const store = stores.create();
  stores.applyFrame(store, protocol.decodeFrame(frame("snapshot", devices, { asOf: START, newestAgeMs: 0, ...header })), 0, START, null);
  return store;
}

function delta(store, devices, { now = 1000, onMove = null, ...header } = {}) {
  const read = protocol.decodeFrame(frame("delta", devices, { asOf: START + now, newestAgeMs: 0, ...header }));
  stores.applyFrame(store, read, now, START + now, onMove);
}

test("a snapshot fills the store and counts by state", () => {
  const store = filled([
    { id: 1, lat: 30, lon: -97, speed: 800 },
    { id: 2, lat: 30, lon: -97, speed: 49 },
    { id: 3, lat: 30, lon: -97, speed: 50 },
    { id: 4, lat: 30, lon: -97 },
    { id: 5, lat: null, ageMs: 120001, speed: 900 },
  ]);
  assert.deepEqual(stores.counts(store, START), { by: [2, 2, 1], located: 4 });
  assert.deepEqual([store.total, store.snapshots, store.frames], [5, 1, 1]);
});

test("the limits of hello decide who is moving and who is silent", () => {
  const store = filled([{ id: 1, lat: 30, speed: 300, ageMs: 31000 }]);
  stores.applyHello(store, { stopped_below: 4, silent_after_s: 30 });
  assert.equal(stores.stateOf(store, 0, START), stores.SILENT);
  stores.applyHello(store, { stopped_below: 4, silent_after_s: 32 });
  assert.equal(stores.stateOf(store, 0, START), stores.STOPPED);
  stores.applyHello(store, { stopped_below: 3, silent_after_s: 32 });
  assert.equal(stores.stateOf(store, 0, START), stores.MOVING);
});

test("a device falls silent by the clock alone", () => {
  const store = filled([{ id: 1, lat: 30, speed: 300 }]);
  assert.equal(stores.stateOf(store, 0, START + 120000), stores.MOVING);
  assert.equal(stores.stateOf(store, 0, START + 120001), stores.SILENT);
});

test("a snapshot replaces all: who is not in it is gone", () => {
  const store = filled([{ id: 1, lat: 30 }, { id: 2, lat: 31 }]);
  stores.applyFrame(store, protocol.decodeFrame(frame("snapshot", [{ id: 2, lat: 31 }], { asOf: START })), 0, START, null);
  assert.deepEqual(stores.counts(store, START), { by: [0, 1, 0], located: 1 });
});

test("the columns grow and keep what they had", () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ id: 5000 + i, lat: i / 100, lon: i / 50, speed: i }));
  const store = filled(many);
  assert.equal(store.count, 1000);
  assert.ok(store.capacity >= 1000);
  assert.equal(store.speed[999], 999);
  assert.equal(store.x[10], projection.worldX(0.2));
  assert.equal(store.slotOfId.get(5010), 10);
});

test("names arrive for ids, in any order, and are sorted as people sort them", () => {
  const store = filled([{ id: 1, lat: 30 }, { id: 2, lat: 30 }, { id: 3, lat: 30 }]);
  stores.applyDevices(store, { id: [1, 2, 3], name: ["bus-10", "bus-9", "Bus-1"], label: [null, "Line 7", null], kind: [null, null, null], fleet: [null, null, null] });
  assert.deepEqual(stores.nameOrder(store).map((slot) => store.name[slot]), ["Bus-1", "bus-9", "bus-10"]);
  stores.applyDevices(store, { id: [9], name: ["bus-2"], label: [null], kind: [null], fleet: [null] });
  assert.deepEqual(stores.nameOrder(store).map((slot) => store.name[slot]), ["Bus-1", "bus-2", "bus-9", "bus-10"]);
  assert.equal(store.slotOfName.get("bus-9"), 1);
  assert.ok(store.search[1].includes("line 7"));
});

test("a device glides from its old place over the last interval, at most 1.2 s", () => {
  const store = filled([{ id: 1, lat: 30, lon: -97 }]);
  delta(store, [{ id: 1, lat: 30.001, lon: -97.001 }], { now: 800 });
  assert.equal(store.glideMs[0], 800);
  assert.equal(stores.progress(store, 0, 800), 0);
  assert.equal(stores.progress(store, 0, 1200), 0.5);
  assert.equal(stores.progress(store, 0, 1600), 1);
  delta(store, [{ id: 1, lat: 30.002, lon: -97.002 }], { now: 9000 });
  assert.equal(Math.round(store.glideMs[0]), 1200);
});

test("a new fix during a glide starts from where the device is seen", () => {
  const store = filled([{ id: 1, lat: 30, lon: -97 }]);
  delta(store, [{ id: 1, lat: 30, lon: -97.002 }], { now: 1000 });
  delta(store, [{ id: 1, lat: 30, lon: -97.004 }], { now: 1500 });
  const halfway = projection.worldX(-97.001);
  assert.ok(Math.abs(store.fromX[0] - halfway) < 1e-9);
});

test("a leap is not glided, nor is a snapshot, nor a first place", () => {
  const store = filled([{ id: 1, lat: 30, lon: -97 }, { id: 2, lat: null }]);
  const moves = [];
  delta(store, [{ id: 1, lat: 45, lon: 9 }, { id: 2, lat: 30, lon: -97 }], { onMove: (slot) => moves.push(slot) });
  assert.equal(stores.progress(store, 0, 1000), 1);
  assert.equal(stores.progress(store, 1, 1000), 1);
  assert.deepEqual(moves, [0]);
});

test("a device at the same place does not move", () => {
  const store = filled([{ id: 1, lat: 30, lon: -97 }]);
  const moves = [];
  delta(store, [{ id: 1, lat: 30, lon: -97 }], { onMove: (slot) => moves.push(slot) });
  assert.deepEqual(moves, []);
});

test("the clock offset is that of the frame that took least time", () => {
  const store = filled([{ id: 1, lat: 30 }]);
  const heartbeat = (asOf, wall) => stores.applyFrame(store, protocol.decodeFrame(frame("heartbeat", [], { asOf, newestAgeMs: 0 })), 0, wall, null);
  heartbeat(START + 1000, START + 1000 + 480); // 480 ms late
  assert.ok(store.offsetMs <= 1);
  heartbeat(START + 2000, START + 2000 - 3000); // this clock is 3 s behind
  assert.equal(store.offsetMs, -3000);
  assert.equal(stores.serverNow(store, START), START + 3000);
});

test("the newest age grows with the clock; none means no data", () => {
  const store = filled([{ id: 1, lat: 30, ageMs: 500 }], { newestAgeMs: 500 });
  assert.equal(stores.newestAgeMs(store, START + 1500), 2000);
  assert.equal(stores.newestAgeMs(filled([], { newestAgeMs: 0xffffffff }), START), null);
});

test("the extent leaves out a few strays, but keeps a fleet that is spread out", () => {
  const town = Array.from({ length: 100 }, (_, i) => ({ id: i, lat: 30 + (i % 10) / 100, lon: -97 + Math.floor(i / 10) / 100 }));
  const stray = { id: 200, lat: 0, lon: 0 };
  assert.ok(stores.extent(filled([...town, stray])).maxX < projection.worldX(-90));
  assert.ok(stores.extent(filled([...town.slice(0, 5), stray])).maxX > projection.worldX(-1));
  assert.equal(stores.extent(filled([{ id: 1, lat: null }])), null);
});
