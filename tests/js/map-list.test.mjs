import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, load } from "./load.mjs";

const { address, filter: filters, format, labels, list, panel, protocol, reception, scene: scenes, store: stores } = load("86");

function scene(asked = {}) {
  const made = scenes.create({ ...address.DEFAULTS, ...asked }, { wallMs: () => 1e6 });
  const devices = [
    { id: 1, lat: 30, lon: -97, speed: 900, heading: 9000, value: 3 },
    { id: 2, lat: 30, lon: -97, speed: 0, value: 7 },
    { id: 3, lat: 31, lon: -97, speed: 0, ageMs: 9000 },
    { id: 4, lat: 30, lon: -97, speed: 0, ageMs: 500000, value: 5 },
    { id: 5, lat: null, speed: 300 },
  ];
  stores.applyDevices(made.store, { id: [1, 2, 3, 4, 5], name: ["bus-2", "bus-10", "van-1", "bus-1", "door-7"], label: [null, "Line 7", null, null, null], kind: ["bus", "bus", "van", "bus", "door"], fleet: ["a", "b", "b", null, null] });
  stores.applyFrame(made.store, protocol.decodeFrame(frame("snapshot", devices, { asOf: 1e6, valued: true })), 0, 1e6, null);
  return made;
}

const inView = (slot) => slot !== 2 && slot !== 4;
const namesOf = (made) => list.choose(made, inView).slots.map((slot) => made.store.name[slot]);

test("the list has what is in view, by name; a search looks everywhere, and so does the list when it is told to", () => {
  assert.deepEqual(namesOf(scene()), ["bus-1", "bus-2", "bus-10"]);
  assert.deepEqual(namesOf(scene({ query: "VAN" })), ["van-1"]);
  assert.deepEqual(namesOf(scene({ query: "line 7" })), ["bus-10"]);
  assert.deepEqual(namesOf(scene({ inView: false })), ["bus-1", "bus-2", "bus-10", "door-7", "van-1"]);
});

test("a device that was never located is listed when it is asked for", () => {
  assert.deepEqual(namesOf(scene({ unlocated: true })), ["door-7"]);
});

test("filters are of state, fleet, kind and the range of the metric, all at once", () => {
  assert.deepEqual(namesOf(scene({ state: stores.STOPPED })), ["bus-10"]);
  assert.deepEqual(namesOf(scene({ fleet: "b", inView: false })), ["bus-10", "van-1"]);
  assert.deepEqual(namesOf(scene({ kind: "bus", fleet: "a" })), ["bus-2"]);
  assert.deepEqual(namesOf(scene({ metric: "battery", least: 4, most: 6 })), ["bus-1"]);
  assert.deepEqual(namesOf(scene({ least: 30 })), ["bus-2"], "speed in km/h");
  assert.deepEqual(namesOf(scene({ most: 30 })), ["bus-10"], "a silent device has no speed");
  const { hidden } = list.choose(scene({ kind: "bus", fleet: "a" }), inView);
  assert.equal(hidden, 2);
});

test("a pattern between slashes is a regular expression, and one that is broken says so and hides nothing", () => {
  assert.deepEqual(namesOf(scene({ query: "/^bus-\\d$/" })), ["bus-1", "bus-2"]);
  assert.deepEqual(namesOf(scene({ query: "/LINE/" })), ["bus-10"]);
  const broken = scene({ query: "/bus-(/" });
  assert.equal(namesOf(broken).length, 3);
  assert.match(list.noteOf(list.choose(broken, inView), broken.filter), /^Not a pattern: [a-z][^:]*$/);
});

test("a name that changes is looked at again", () => {
  const made = scene({ query: "/^bus-1$/" });
  assert.deepEqual(namesOf(made), ["bus-1"]);
  stores.applyDevices(made.store, { id: [4], name: ["tram-1"], label: [null], kind: [null], fleet: [null] });
  assert.deepEqual(namesOf(made), []);
});

test("it is sorted by name, age, speed or value; what has no value comes last", () => {
  assert.deepEqual(namesOf(scene({ sort: "age", inView: false })).slice(-2), ["van-1", "bus-1"]);
  assert.deepEqual(namesOf(scene({ sort: "speed", inView: false })).slice(0, 2), ["bus-2", "door-7"]);
  assert.deepEqual(namesOf(scene({ sort: "value", metric: "battery", inView: false })), ["bus-10", "bus-1", "bus-2", "door-7", "van-1"]);
});

test("the note above the list says how much of it there is", () => {
  const filter = filters.create();
  assert.equal(list.noteOf({ slots: [1, 2], hidden: 0, everywhere: false }, filter), "2 in view");
  assert.equal(list.noteOf({ slots: [1], hidden: 1234, everywhere: false }, filter), "1 in view · 1\u2009234 hidden");
  assert.equal(list.noteOf({ slots: [1], hidden: 0, everywhere: true }, filter), "1 device");
  filters.setQuery(filter, "x");
  assert.equal(list.noteOf({ slots: [], hidden: 5, everywhere: true }, filter), "Nothing found");
});

test("of fifty thousand rows only those in the window are made", () => {
  assert.deepEqual(list.windowOf(0, 400, 32, 50000), [0, 19]);
  const [first, last] = list.windowOf(32000, 400, 32, 50000);
  assert.ok(first > 990 && first < 1000 && last - first < 30);
  assert.deepEqual(list.windowOf(1e9, 400, 32, 10), [10, 10]);
});

test("arrow keys go through the whole list and stop at its ends", () => {
  assert.equal(list.moveBy("ArrowDown", 3, 5), 4);
  assert.equal(list.moveBy("ArrowDown", 4, 5), 4);
  assert.equal(list.moveBy("PageUp", 3, 5), 0);
  assert.equal(list.moveBy("End", 0, 50000), 49999);
  assert.equal(list.moveBy("x", 0, 5), null);
});

test("isolating shows the chosen devices alone, whatever is chosen next", () => {
  const made = scene();
  scenes.choose(made, [0]);
  scenes.isolate(made, true);
  assert.deepEqual(namesOf(made), ["bus-2"]);
  scenes.toggle(made, 1);
  assert.deepEqual(namesOf(made), ["bus-2", "bus-10"]);
  assert.equal(made.selected, 1);
  scenes.toggle(made, 1);
  assert.equal(made.selected, 0);
  scenes.choose(made, []);
  assert.equal(made.filter.isolated, null);
});

test("another metric takes its bounds along with it", () => {
  const made = scene({ metric: "battery", least: 4, colour: "value" });
  scenes.setMetric(made, "speed");
  assert.deepEqual([made.filter.least, made.colouring.by, scenes.colourOf(made)], [null, "speed", "value"]);
});

test("values are in the unit that people see, and so are colours and bounds", () => {
  const made = scene({ colour: "value", least: 30 });
  assert.equal(Math.round(made.valueOf(0)), 32);
  assert.equal(scenes.setUnit(made, "m/s"), false);
  format.setUnits({ speed: "m/s" });
  assert.equal(scenes.setUnit(made, "m/s"), true);
  format.setUnits({ speed: "km/h" });
  assert.deepEqual([made.valueOf(0), made.colouring.domain.max < 20, namesOf(made)], [9, true, []]);
});

test("options of a filter keep a chosen one that there is not", () => {
  assert.deepEqual(panel.optionsOf(new Map([["b", 2]]), "a"), [["", "Any"], ["a", "a (0)"], ["b", "b (2)"]]);
});

test("what is asked of the server: the box, or all for a search; the metric; the chosen wherever they are", () => {
  const box = [-98, 30, -97, 31];
  const none = { fitting: false, wanted: [], visible: 10 };
  const made = scene();
  scenes.choose(made, [2]);
  assert.deepEqual(reception.viewFor(made, box, { ...none, wanted: ["x"] }), { box, everyMs: 100, metric: null, also: ["van-1", "x"] });
  assert.equal(reception.viewFor(scene({ query: "x" }), box, none).box, null);
  assert.equal(reception.viewFor(scene({ inView: false }), box, none).box, null);
  assert.equal(reception.viewFor(scene(), box, { ...none, fitting: true }).box, null);
  assert.equal(reception.viewFor(scene({ metric: "battery" }), box, none).metric, "battery");
  assert.equal(reception.viewFor(scene(), box, { ...none, visible: 20000 }).everyMs, 1000);
});

test("names do not cover one another; a chosen device's comes first, one that was shown stays", () => {
  const taken = new Map();
  assert.equal(labels.take(taken, { left: 0, top: 0, width: 60, height: 16 }), true);
  assert.equal(labels.take(taken, { left: 50, top: 10, width: 60, height: 16 }), false);
  assert.equal(labels.take(taken, { left: 61, top: 0, width: 60, height: 16 }), true);
  assert.deepEqual(labels.orderOf({ named: new Set([7]) }, [5, 6, 7, 8], 4, new Set([8])), [3, 2, 0, 1]);
});

test("a silent device says for how long", () => {
  const { store } = scene();
  assert.equal(labels.textOf(store, 3, 1e6), "bus-1 · 8 min");
  assert.equal(labels.textOf(store, 0, 1e6), "bus-2");
});
