import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, load } from "./load.mjs";

const { address, alerted, alerting, controls, draw, legend, list, projection, protocol, reception, scene: scenes, store: stores } = load("89-showing");
const none = new Set();
const COLOURS = { moving: "#000", stopped: "#000", silent: "#000", outline: "#fff", accent: "#00f", muted: "#888", alert: "#c00", nothing: "#999", ramp: ["#000000", "#ffffff"], categories: [] };

/** Three at one place, moving, stopped and silent; one stopped elsewhere. */
function scene(asked = {}) {
  const made = scenes.create({ ...address.DEFAULTS, ...asked }, { wallMs: () => 1e6 });
  const devices = [
    { id: 1, lat: 30, lon: -97, speed: 900, heading: 9000 },
    { id: 2, lat: 30, lon: -97, speed: 0 },
    { id: 3, lat: 30, lon: -97, speed: 0, ageMs: 500000 },
    { id: 4, lat: 31, lon: -97, speed: 0 },
  ];
  learn(made.store, 1, "bus-1", "bus-2", "bus-3", "bus-4");
  stores.applyFrame(made.store, protocol.decodeFrame(frame("snapshot", devices, { asOf: 1e6 })), 0, 1e6, null);
  return made;
}

function learn(store, from, ...name) {
  const nothing = name.map(() => null);
  stores.applyDevices(store, { id: name.map((_, i) => from + i), name, label: nothing, kind: nothing, fleet: nothing });
}

const scale = projection.scaleAt(10);
const view = { scale, left: projection.worldX(-97) * scale - 100, top: projection.worldY(30) * scale - 100, width: 200, height: 200, pixelRatio: 1 };

/** What of a scene is in view. */
function found(made, chosen = none, wanted = draw.mergeNear) {
  const scratch = draw.createScratch();
  draw.fit(scratch, made.store, view);
  draw.findVisible(scratch, made.store, view, { now: 0, serverMs: 1e6, glide: false, accepts: made.accepts(), alerted: alerted.flagsOf(made.alerted, made.store) });
  wanted(scratch, chosen);
  return { slots: [...scratch.slots.slice(0, scratch.n)], ringed: scratch.ringed };
}

test("names are looked up once, and again when others are told or learnt", () => {
  const { store, alerted: who } = scene();
  const lookUps = [];
  const get = store.slotOfName.get.bind(store.slotOfName);
  store.slotOfName.get = (name) => (lookUps.push(name), get(name));
  assert.equal(alerted.flagsOf(who, store), null);
  assert.equal(alerted.tell(who, ["bus-2", "far-9"]), true);
  assert.equal(alerted.tell(who, ["far-9", "bus-2"]), false);
  for (let i = 0; i < 100; i++) assert.deepEqual([...alerted.flagsOf(who, store).slice(0, 4)], [0, 1, 0, 0]);
  assert.equal(lookUps.length, 2);
  learn(store, 5, "far-9");
  assert.equal(alerted.has(who, store, 4), true);
  assert.equal(lookUps.length, 4);
  alerted.tell(who, ["bus-1"]);
  assert.deepEqual([...alerted.flagsOf(who, store).slice(0, 5)], [1, 0, 0, 0, 0]);
});

test("a device that learns another name is in alert no more", () => {
  const { store, alerted: who } = scene();
  alerted.tell(who, ["bus-2"]);
  assert.equal(alerted.has(who, store, 1), true);
  learn(store, 2, "tram-2");
  assert.equal(alerted.has(who, store, 1), false);
});

test("more devices than there was room for are known all the same", () => {
  const { store, alerted: who } = scene();
  alerted.tell(who, ["bus-1", "bus-400"]);
  assert.equal(alerted.has(who, store, 0), true);
  learn(store, 5, ...Array.from({ length: 396 }, (_, i) => `bus-${i + 5}`));
  assert.deepEqual([alerted.has(who, store, 0), alerted.has(who, store, 399), alerted.has(who, store, 398)], [true, true, false]);
});

test("of devices at one place the one in alert is drawn, ringed, whatever the state of the others", () => {
  const made = scene();
  assert.deepEqual(found(made), { slots: [0], ringed: 0 });
  alerted.tell(made.alerted, ["bus-3"]);
  assert.deepEqual(found(made), { slots: [2], ringed: 1 });
  alerted.tell(made.alerted, ["bus-2", "bus-3"]);
  assert.deepEqual(found(made), { slots: [1], ringed: 1 });
  assert.deepEqual(found(made, new Set([0, 2])), { slots: [1, 2, 0], ringed: 2 });
});

test("where there are hexagons those in alert and the chosen ones are drawn, and no others", () => {
  const made = scene();
  alerted.tell(made.alerted, ["bus-3"]);
  assert.deepEqual(found(made, none, draw.keepChosen), { slots: [2], ringed: 1 });
  assert.deepEqual(found(made, new Set([0, 2]), draw.keepChosen), { slots: [2, 0], ringed: 1 });
  alerted.tell(made.alerted, ["bus-1", "bus-2", "bus-3", "bus-4"]);
  assert.deepEqual(found(made, new Set([1]), draw.keepChosen), { slots: [0, 1], ringed: 2 }, "rings at one place are one, but for a chosen one");
});

test("a ring costs one copy of a picture that is made once; without alerts nothing is drawn beside the glyphs", () => {
  let pictures = 0;
  let copies = 0;
  const canvas = { width: 200, height: 200 };
  const ctx = new Proxy({ canvas, drawImage: () => copies++ }, { get: (target, name) => target[name] ?? (() => undefined), set: () => true });
  globalThis.OffscreenCanvas = class {
    getContext = () => ctx;
    transferToImageBitmap = () => ++pictures;
  };
  const made = scene();
  const scratch = draw.createScratch();
  const drawn = () => {
    copies = 0;
    draw.drawDevices(ctx, scratch, made.store, view, {
      now: 0, serverMs: 1e6, glide: false, accepts: null, alerted: alerted.flagsOf(made.alerted, made.store), chosen: none, selected: -1,
      hovered: -1, rows: [{ moving: "#000", stopped: "#000" }], rowOf: null, named: false, dense: true, colours: COLOURS,
    });
    return copies;
  };
  assert.equal(drawn(), 1);
  const before = pictures;
  alerted.tell(made.alerted, ["bus-1", "bus-2", "bus-4"]);
  assert.equal(drawn(), 2);
  for (let i = 0; i < 50; i++) drawn();
  assert.equal(pictures, before);
});

const everywhere = () => true;
const namesOf = (made) => list.choose(made, everywhere).slots.map((slot) => made.store.name[slot]);

test("the filter shows those in alert alone, with any other filter; it is in the address and asks for all of the fleet", () => {
  const made = scene(address.read("?alerts=only"));
  alerted.tell(made.alerted, ["bus-2", "bus-3", "far-9"]);
  assert.deepEqual(namesOf(made), ["bus-2", "bus-3"]);
  made.filter.state = stores.STOPPED;
  assert.deepEqual(namesOf(made), ["bus-2"]);
  assert.deepEqual(found(made), { slots: [1], ringed: 1 });
  const box = [-98, 30, -97, 31];
  const asks = (of) => reception.viewFor(of, box, { fitting: false, wanted: [], visible: 1 }).box;
  assert.equal(asks(made), null);
  assert.deepEqual(asks(scene()), box);
  assert.equal(address.write("", { ...address.DEFAULTS, alerted: true }), "?alerts=only");
  assert.equal(address.read("?alerts=some").alerted, false);
});

test("where nobody is in alert any more the filter shows nobody", () => {
  assert.deepEqual(namesOf(scene({ alerted: true })), []);
});

test("in the time machine nobody is in alert, and the filter shows all; back in the present it is as it was", () => {
  const made = scene({ alerted: true });
  let heard = null;
  let ended = 0;
  globalThis.waypost.alerts = { listen: (listener) => ((heard = listener), () => ended++) };
  const told = [];
  const page = { scene: made, surface: { wake: () => told.push("wake") }, refresh: () => told.push("refresh") };
  const alerts = alerting.create(page);
  const end = alerts.begin();
  heard({ devices: ["bus-3"] });
  assert.deepEqual(told, ["wake", "refresh"]);
  heard({ devices: ["bus-3"] });
  assert.equal(told.length, 2);
  assert.deepEqual([namesOf(made), alerted.count(made.alerted)], [["bus-3"], 1]);
  alerts.hold(true);
  heard({ devices: ["bus-1", "bus-3"] });
  assert.deepEqual([namesOf(made).length, found(made).ringed, alerted.count(made.alerted)], [4, 0, 0]);
  alerts.hold(false);
  assert.deepEqual([namesOf(made), alerted.count(made.alerted)], [["bus-1", "bus-3"], 2]);
  end();
  assert.equal(ended, 1);
});

test("it is said in words: in the tooltip and the legend", () => {
  const made = scene();
  assert.equal(controls.describe(made, 1, "").facts, "stopped · now");
  alerted.tell(made.alerted, ["bus-2"]);
  assert.equal(controls.describe(made, 1, "").facts, "in alert · stopped · now");
});

test("the legend explains the ring where one is drawn and it explains colours; otherwise the panel's totals do", () => {
  const ring = legend.alertsOf(2);
  assert.equal(legend.alertsOf(0), null);
  assert.deepEqual([ring.title, ring.steps[0].text], ["Ring", "In alert"]);
  const heat = legend.heatOf(1, COLOURS);
  assert.deepEqual(legend.partsOf([null, heat], ring), [heat, ring]);
  assert.deepEqual(legend.partsOf([null, heat], null), [heat]);
  assert.deepEqual(legend.partsOf([null, null], ring), []);
});
