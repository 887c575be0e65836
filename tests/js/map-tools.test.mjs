import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";
import { load } from "./load.mjs";

globalThis.window = globalThis;
const { actions, format, heat, keys, measure, metrics, mode, places, sparkline } = load("89");
runInThisContext(readFileSync(new URL("../../assets/shell/go.js", import.meta.url), "utf8"));
const { go } = globalThis.waypost;

test("places are read as people write them", () => {
  const austin = { lat: 30.27, lon: -97.74 };
  for (const text of ["30.27, -97.74", "30.27 -97.74", "30.27;-97.74", "30.27N 97.74W", "N30.27 W97.74".replace(/([NW])([\d.]+)/g, "$2$1"), "30°16′12″N 97°44′24″W", "30 16.2 n, 97 44.4 w"]) {
    const place = places.parse(text);
    assert.ok(place !== null, text);
    assert.ok(Math.abs(place.lat - austin.lat) < 1e-9 && Math.abs(place.lon - austin.lon) < 1e-9, `${text}: ${JSON.stringify(place)}`);
  }
});

test("what is no place is none", () => {
  for (const text of ["", "Austin", "91, 0", "0, 181", "30.27", "1 2 3", "30°70′N 97°W", "-30N 97W", "30N 97N"]) assert.equal(places.parse(text), null, text);
});

test("a distance is that of the sphere", () => {
  const metres = measure.distance({ lat: 30.2672, lon: -97.7431 }, { lat: 29.4241, lon: -98.4936 });
  assert.ok(Math.abs(metres - 118200) < 600, `${metres}`);
  assert.equal(measure.lengthOf([{ lat: 0, lon: 0 }]), 0);
  assert.ok(Math.abs(measure.lengthOf([{ lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 }]) - 111195) < 1, "across the antimeridian");
  assert.equal(measure.lengthText(340.4), "340 m");
  assert.equal(measure.lengthText(12430), "12.4 km");
  format.setUnits({ length: "ft" });
  assert.deepEqual([100, 12430].map(measure.lengthText), ["328 ft", "7.72 mi"]);
  format.setUnits({ length: "m" });
});

const press = (key, more = {}) => keys.actionOf({ key, target: { tagName: "BODY" }, ...more });

test("every key has one action, and every action there is", () => {
  const page = { scene: {}, measuring: {}, places: {}, togglePause() {}, toggleKiosk() {}, fitAll() {} };
  const can = actions.create(page);
  const all = keys.KEYS.map(([, , , key]) => key);
  assert.equal(new Set(all).size, all.length);
  for (const [, , , key, name] of keys.KEYS) assert.equal(typeof can[name], "function", `${key}: ${name}`);
});

test("letters typed into a field, and keys with Ctrl, are not ours", () => {
  globalThis.HTMLElement = class {};
  assert.equal(press("f"), "toggleFollow");
  assert.equal(press("f", { target: { tagName: "INPUT" } }), null);
  assert.equal(press("Escape", { target: { tagName: "INPUT" } }), "escape");
  assert.equal(press("f", { ctrlKey: true }), null);
  assert.equal(press("f", { defaultPrevented: true }), null);
  const button = Object.assign(new HTMLElement(), { tagName: "BUTTON", closest: () => button });
  assert.equal(press(" ", { target: button }), null);
});

test("g and a letter, in time, lead to a page", () => {
  const step = go.create();
  assert.deepEqual([step("g", 0), step("s", 900)], ["wait", "/summary"]);
  assert.deepEqual([step("s", 1000), step("g", 2000), step("q", 2100), step("s", 2200)], [null, "wait", null, null]);
  assert.deepEqual([step("g", 5000), step("m", 9000)], ["wait", null]);
});

test("an address may bring a mode and an interval; pausing is not kept with it", () => {
  assert.equal(mode.lentBy({ mode: null, everyS: null }), null);
  assert.deepEqual(mode.lentBy({ mode: "interval", everyS: 3 }), { mode: "interval", everyS: 3 });
  assert.equal(mode.lentBy({ mode: "paused", everyS: null }), null);
  assert.deepEqual(mode.ofPlan({ mode: "live", everyS: 1, paused: true }), { name: "paused", everyS: 1 });
});

test("the ring of the interval fills until the next question", () => {
  const state = { phase: "interval", everyMs: 4000, retryAt: 5000 };
  assert.deepEqual([1000, 3000, 5000, 9000].map((now) => mode.partOver(state, now)), [0, 0.5, 1, 1]);
  assert.equal(mode.partOver({ phase: "live" }, 0), 0);
});

test("numbers are read with point or comma, and nothing is no number", () => {
  assert.deepEqual(["1,5", " -2 ", "", "x"].map(actions.numberOf), [1.5, -2, null, null]);
});

test("the metrics to colour by: speed first, and no heading", () => {
  const all = metrics.listOf({ metrics: [{ metric: "heading", unit: "deg", label: "Heading" }, { metric: "battery", unit: null, label: null }, { metric: "speed", unit: "m/s", label: "Speed" }] });
  assert.deepEqual(all, [{ metric: "speed", label: "Speed", unit: "m/s" }, { metric: "battery", label: "battery", unit: "" }]);
});

test("the line of the last hour is cut where nothing came", () => {
  const at = (minute) => new Date(minute * 60000).toISOString();
  const path = sparkline.pathOf([[at(0), 1], [at(1), 3], [at(30), 2]], 60000, 0, 3600e3);
  assert.equal((path.line.match(/M/g) || []).length, 2);
  assert.equal((path.area.match(/Z/g) || []).length, 2);
  assert.deepEqual([path.least, path.most], [1, 3]);
  assert.equal(sparkline.pathOf([], 60000, 0, 1), null);
});

function heatOf(answers) {
  globalThis.document = { hidden: false };
  const clock = { now: 0 };
  const page = {
    scene: { shows: { heat: true }, overlays: [], serverMs: () => 1e12 },
    surface: { drawGround() {} },
    view: { box: [-98, 30, -97, 31], boxAround: () => page.view.box },
  };
  const fetch = async (url, { signal }) => {
    answers.push({ url, signal });
    return { ok: true, json: async () => ({ zoom: 3, x: [1, 2], y: [3, 3], count: [1, 9] }) };
  };
  return { page, clock, shown: heat.create(page, { fetch, now: () => clock.now }) };
}

test("the heat map is asked for once, again when the window moved on or a minute has passed, and not when it is off", async () => {
  const answers = [];
  const { page, clock, shown } = heatOf(answers);
  const beat = async (ms) => {
    clock.now += ms;
    shown.refresh();
    await new Promise(setImmediate);
  };
  await beat(1);
  await beat(1000);
  assert.match(answers[0].url, /^\/api\/v1\/heat\?from=2001-09-09T00:46:40.000Z&cells=256&bbox=-98,30,-97,31$/);
  assert.equal(shown.most(), 9);
  page.view.box = [-98, 30, -96, 31];
  await beat(1000);
  await beat(59000);
  assert.equal(answers.length, 2);
  await beat(2000);
  assert.equal(answers.length, 3);
  assert.equal(page.scene.overlays.length, 1);
  page.scene.shows.heat = false;
  await beat(1e6);
  assert.deepEqual([answers.length, page.scene.overlays.length, shown.most()], [3, 0, null]);
});

test("the glow goes by the logarithm: from the faintest to the strongest shade", () => {
  assert.deepEqual([0, 1, 10, 100].map((count) => heat.shadeOf(count, 100)), [0, 9, 33, 63]);
  assert.equal(heat.shadeOf(0.25, 0.25), 63);
  const shades = heat.shadesOf(["#000000", "#ffffff"]);
  assert.deepEqual([shades[0][3], shades[16][3] < shades[63][3]], [0, true]);
});

test("a single place glows around itself, and what is counted stays as much", () => {
  const cells = new Float32Array(25);
  cells[12] = 16;
  const soft = heat.soften(cells, 5);
  assert.deepEqual([...soft], [0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 2, 4, 2, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
});
