import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, load } from "./load.mjs";

const { address, card, draw, graticule, indicator, past, projection, protocol, sprites, store: stores, trails } = load("82");
const STATES = stores.STATES;
const seen = { mode: "live", everyS: 5, connection: "live", online: true, paused: false, newestAgeMs: 500, silentAfterMs: 120000 };
const say = (changes) => indicator.statusOf({ ...seen, ...changes });

test("it says live only when new data arrives over a connection that is heard", () => {
  assert.deepEqual([say({}).state, say({}).text], ["live", "Live · now"]);
  const notLive = [
    [{ connection: "connecting" }, "connecting"], [{ connection: "reconnecting" }, "reconnecting"],
    [{ connection: "reconnecting", online: false }, "offline"], [{ connection: "stale" }, "stale"],
    [{ connection: "refused" }, "offline"], [{ paused: true }, "paused"], [{ newestAgeMs: null }, "waiting"],
    [{ newestAgeMs: 120001 }, "stale"], [{ mode: "paused", connection: "paused" }, "paused"],
    [{ mode: "interval", connection: "interval" }, "interval"], [{ mode: "interval", connection: "reconnecting" }, "reconnecting"],
  ];
  for (const [changes, state] of notLive) {
    assert.equal(say(changes).state, state);
    assert.ok(!/live/i.test(say(changes).text));
  }
});

test("a server on this machine is live without a network", () => assert.equal(say({ online: false }).state, "live"));

test("an interval is named with the age of the data", () => assert.equal(say({ mode: "interval", everyS: 2.5, newestAgeMs: 3000 }).text, "Every 2.5 s · 3 s"));

test("what is spoken changes with the state and not with the age", () => {
  assert.equal(say({ newestAgeMs: 3000 }).spoken, say({ newestAgeMs: 90000 }).spoken);
  assert.equal(say({ newestAgeMs: 3000 }).text, "Live · 3 s");
});

function fleet() {
  const store = stores.create();
  const devices = [
    { id: 1, lat: 30, lon: -97, speed: 900, heading: 9000 },
    { id: 2, lat: 30, lon: -97, speed: 0 },
    { id: 3, lat: 31, lon: -97, speed: 0 },
    { id: 4, lat: 30, lon: -97, speed: 0, ageMs: 500000 },
  ];
  stores.applyDevices(store, { id: [1, 2, 3, 4], name: ["bus-2", "bus-10", "van-1", "bus-1"], label: [null, "Line 7", null, null], kind: [null, null, null, null], fleet: [null, null, null, null] });
  stores.applyFrame(store, protocol.decodeFrame(frame("snapshot", devices, { asOf: 1e6 })), 0, 1e6, null);
  return store;
}

const none = new Set();

test("devices within 2 px are drawn once, the moving one; the chosen ones always", () => {
  const store = fleet();
  const scratch = draw.createScratch();
  const scale = projection.scaleAt(10);
  const view = { scale, left: projection.worldX(-97) * scale - 100, top: projection.worldY(30) * scale - 100, width: 200, height: 200 };
  const options = { now: 0, serverMs: 1e6, glide: false, accepts: null, alerted: null };
  draw.fit(scratch, store, view);
  draw.findVisible(scratch, store, view, options);
  draw.mergeNear(scratch, none);
  assert.deepEqual(Array.from(scratch.slots.slice(0, scratch.n)), [0]);
  draw.mergeNear(Object.assign(scratch, { generation: scratch.generation + 1 }), new Set([3]));
  assert.deepEqual(Array.from(scratch.slots.slice(0, scratch.n)), [0, 3]);
  draw.findVisible(scratch, store, view, { ...options, accepts: (slot, state) => state === stores.STOPPED });
  assert.deepEqual(Array.from(scratch.vslot.slice(0, scratch.visible)), [1]);
});

test("sprites: every heading has an arrow, long silence fades", () => {
  assert.equal(sprites.movingSprite(0), 0);
  assert.equal(sprites.movingSprite(9000), 18);
  assert.equal(sprites.movingSprite(35999), 0);
  assert.equal(sprites.movingSprite(null), sprites.ROUND_MOVING);
  const fades = [0, 3600e3, 7 * 3600e3, 48 * 3600e3].map(sprites.silentSprite);
  assert.deepEqual(fades, [0, 1, 2, 3].map((fade) => sprites.RING + fade));
});

test("trails keep the newest movements, settled ones only, and no leaps", () => {
  const ring = trails.create();
  trails.add(ring, 0, 1, 1, 9, 9, 1000, 0);
  trails.add(ring, 0, 1, 1, 1.001, 1, 600000, 0);
  assert.equal(ring.end, 0);
  for (let i = 0; i < trails.CAPACITY + 10; i++) trails.add(ring, 0, 1, 1, 1.001, 1, 1000, i < 20 ? 0 : 5000);
  assert.deepEqual(trails.settled(ring, 5100), [10, 20]);
  assert.deepEqual(trails.settled(ring, 9000), [10, trails.CAPACITY + 10]);
});

test("graticule: steps suit the zoom, labels say the side", () => {
  assert.equal(graticule.stepFor(1), 30);
  assert.equal(graticule.stepFor(1500), 0.1);
  assert.equal(graticule.label(-97.75, 0.05, "EW"), "97.75° W");
  assert.equal(graticule.label(30, 10, "NS"), "30° N");
  assert.equal(graticule.label(-0.0000001, 0.5, "NS"), "0.0°");
});

test("the address is read, and written without touching what is not ours", () => {
  const search = "?device=a%2Fb&device=c&state=silent&q=%2Fx%2F&fleet=north&metric=battery&least=0.2&colour=value&sort=age&list=all&isolate=on&mode=interval&every=3&trails=none&names=off&smooth=off&density=off&heat=on&kiosk=1&at=30.1,-97.5,12.5&other=1";
  const shown = address.read(search);
  assert.deepEqual(
    [shown.devices, shown.state, shown.query, shown.fleet, shown.least, shown.most, shown.colour, shown.inView, shown.everyS, shown.trails, shown.glide, shown.kiosk, shown.place],
    [["a/b", "c"], 2, "/x/", "north", 0.2, null, "value", false, 3, "none", false, true, { lat: 30.1, lon: -97.5, zoom: 12.5 }],
  );
  const again = address.write("?other=1", shown);
  assert.deepEqual(address.read(again), shown);
  assert.ok(again.includes("other=1"));
  assert.equal(address.write("?device=a&state=silent&q=x&heat=on", address.DEFAULTS), "");
});

test("a place in the address stays until somebody moves the map", () => {
  assert.equal(address.write("?at=1,2,3", address.DEFAULTS), "?at=1,2,3");
});

test("an address that cannot be understood asks for nothing", () => {
  for (const at of ["", "1,2", "91,0,3", "a,b,c", "1,2,99", "1,2,NaN"]) assert.equal(address.read(`?at=${at}`).place, null, at);
  assert.deepEqual(address.read("?state=flying&least=x&every=&colour=rainbow&sort=luck&mode=dead&names=on&kiosk=yes"), address.DEFAULTS);
});

test("the card's facts are numbers, then words; nothing that is neither", () => {
  const facts = card.factsOf({ kind: "bus", fleet: null, attributes: { route: "411", odd: { a: 1 } }, values: { odometer: 123456.7, battery: 0.83, broken: null } });
  assert.deepEqual(facts, [["battery", "0.83"], ["odometer", "123\u2009457"], ["kind", "bus"], ["route", "411"]]);
});

const fix = (minute, lat) => ({ ts: new Date(minute * 60000).toISOString(), lat, lon: -97 });

test("the past of a device has a step for each pair of fixes without a gap", () => {
  const steps = past.stepsOf([fix(0, 30), fix(1, 30.1), fix(9, 30.2), fix(10, 30.3)]);
  assert.equal(steps.length, 8);
  assert.deepEqual([...steps.slice(0, 4)], [30, 30.1].flatMap((lat) => [projection.worldX(-97), projection.worldY(lat)]));
  assert.equal(past.stepsOf([]).length, 0);
});

test("the pasts of devices that are no longer chosen are not shown, nor one that cannot be had", async () => {
  const answers = [];
  const fetch = (url, { signal }) => new Promise((resolve) => answers.push({ url, signal, resolve }));
  const asked = past.create({ fetch });
  let shown = 0;
  const found = () => shown++;
  const all = [asked.want([[1, "a/b"], [2, "c"]], 1e12, found), asked.want([[2, "c"], [3, "d"]], 1e12, found)];
  assert.deepEqual(answers.map(({ signal }) => signal.aborted), [true, false, false]);
  assert.match(answers[0].url, /\/devices\/a%2Fb\/track\?from=2001-09-09T01:31:40.000Z&/);
  answers[0].resolve({ ok: true, json: async () => ({ points: [] }) });
  answers[1].resolve({ ok: true, json: async () => ({ points: [] }) });
  answers[2].resolve({ ok: false });
  await Promise.all(all);
  assert.deepEqual([...asked.steps.keys()], [2]);
  assert.equal(shown, 1);
});
