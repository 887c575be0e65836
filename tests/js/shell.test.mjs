import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets", "shell");

/** window.waypost of the classic scripts of assets/shell, run without a document. */
function load() {
  const window = {};
  const context = createContext({ window, URLSearchParams, Date, Number, Math, Object });
  for (const name of ["first.js", "shell.js", "controls.js", "charts.js", "track.js"]) {
    runInContext(readFileSync(join(FOLDER, name), "utf8"), context, { filename: name });
  }
  return window.waypost;
}

const { shell, charts, track } = load();
const plain = (value) => JSON.parse(JSON.stringify(value));

test("the chosen scheme wins, and otherwise the system's", () => {
  assert.equal(shell.schemeOf("light", true), "light");
  assert.equal(shell.schemeOf("dark", false), "dark");
  for (const nothing of [null, "auto", "purple"]) {
    assert.equal(shell.schemeOf(nothing, true), "dark");
    assert.equal(shell.schemeOf(nothing, false), "light");
  }
});

test("the scheme and the rail are set up before the first paint, also where storage is refused", () => {
  const root = { set: {}, setAttribute(name, value) { this.set[name] = value; } };
  shell.setUp(root, { getItem: (key) => ({ "waypost-rail": "open", "mantine-color-scheme-value": "light" })[key] }, true);
  assert.deepEqual(root.set, { "data-mantine-color-scheme": "light", "data-rail": "open" });
  const bare = { set: {}, setAttribute: root.setAttribute };
  shell.setUp(bare, { getItem() { throw new Error("refused"); } }, true);
  assert.deepEqual(bare.set, { "data-mantine-color-scheme": "dark" });
});

test("a link is current on its own page only", () => {
  assert.equal(shell.isCurrent("/", "/"), true);
  assert.equal(shell.isCurrent("/", "/summary"), false);
  assert.equal(shell.isCurrent("/summary", "/summary/"), true);
  assert.equal(shell.isCurrent("/summary", "/summary2"), false);
});

test("a page is called as its link, the device page by its folder, and others are not found", () => {
  const links = [{ href: "/", label: "Live map" }, { href: "/summary", label: "Summary" }];
  assert.equal(shell.titleOf("/", links), "Live map");
  assert.equal(shell.titleOf("/summary", links), "Summary");
  assert.equal(shell.titleOf("/device/bus-1", links), "Device");
  assert.equal(shell.titleOf("/no/such", links), "Not found");
});

test("ages are said as people say them", () => {
  const expected = [[0, "now"], [1.9, "now"], [2, "2 s"], [59.9, "59 s"], [60, "1 min"], [3600, "1 h"], [86400, "1 d"], [null, "–"], [NaN, "–"]];
  for (const [seconds, text] of expected) assert.equal(shell.age(seconds), text);
});

test("the indicator never says that data is new when it is not", () => {
  const answer = { at: 1000, everyS: 5, ageS: 1, paused: false, failed: false };
  const after = (ms, changes = {}, online = true) => shell.freshness({ ...answer, ...changes }, 1000 + ms, online);
  assert.equal(shell.freshness(null, 0, true).state, "waiting");
  assert.deepEqual([after(0).state, after(0).text], ["interval", "Every 5 s · now"]);
  assert.equal(after(4000).text, "Every 5 s · 5 s old");
  assert.deepEqual([after(16000).state, after(16000).text], ["stale", "Stale · 17 s old"]);
  assert.deepEqual([after(2000, { failed: true }).state, after(2000, { failed: true }).text], ["reconnecting", "Trying again · 3 s old"]);
  assert.deepEqual([after(60000, { paused: true }).state, after(60000, { paused: true }).text], ["paused", "Paused · 1 min old"]);
  assert.equal(after(0, {}, false).state, "offline");
  assert.equal(after(0, { ageS: null }).text, "Every 5 s · no data");
  assert.equal(after(0, { ageS: 7200 }).text, "Every 5 s · 2 h old");
});

test("a new answer arrives now, a pause and a failure keep the age of the last", () => {
  const first = shell.heard(null, { asOf: "a", everyS: 5, ageS: 1, failed: false }, false, 10);
  assert.equal(first.at, 10);
  assert.deepEqual(plain(shell.heard(first, { asOf: "a", everyS: 5, ageS: 1, failed: false }, true, 99)), { ...plain(first), paused: true });
  const failed = shell.heard(first, { asOf: "b", everyS: 5, ageS: null, failed: true }, false, 99);
  assert.deepEqual([failed.at, failed.ageS, failed.failed], [10, 1, true]);
  assert.equal(shell.heard(failed, { asOf: "c", everyS: 5, ageS: 0, failed: false }, false, 120).failed, false);
  assert.equal(shell.heard(first, undefined, false, 99), first);
});

test("an interval is started again when nothing was heard for four of it, but not while paused", () => {
  assert.equal(shell.isStuck(0, 5, false, 20_000), false);
  assert.equal(shell.isStuck(0, 5, false, 20_001), true);
  assert.equal(shell.isStuck(0, 5, true, 90_000), false);
});

test("the URL holds what differs from the defaults, and keeps what is not ours", () => {
  const defaults = { metric: "speed", window: "1h" };
  const search = (from, values) => shell.searchOf(from, ["metric", "window"], values, defaults);
  assert.equal(search("", ["speed", "1h"]), "");
  assert.equal(search("", ["heading", "1h"]), "?metric=heading");
  assert.equal(search("?metric=heading&other=1", ["speed", "6h"]), "?other=1&window=6h");
  assert.equal(search("?window=6h", ["a b&c", null]), "?metric=a+b%26c");
});

test("a chart is dressed in the colours of the scheme and shown in local time, and its source is left as it was", () => {
  const at = Date.UTC(2026, 10, 23, 9, 0);
  const figure = {
    data: [
      { x: [at, null], y: [1, null], line: { width: 1 }, meta: { tone: 0, part: "band" } },
      { x: [at], y: [1], line: { width: 2 }, marker: { size: [5] }, meta: { tone: 9, part: "line" } },
    ],
    layout: { xaxis: { range: [at, at + 1000], type: "date" } },
  };
  const before = plain(figure);
  const dressed = charts.dressed(figure, { template: { layout: {} }, series: ["#0072B2", "#D55E00"] });
  const offset = new Date(at).getTimezoneOffset() * 60000;
  assert.deepEqual(plain(dressed.data[0].x), [at - offset, null]);
  assert.equal(dressed.data[0].fillcolor, "rgba(0,114,178,0.16)");
  assert.equal(dressed.data[1].line.color, "#D55E00");
  assert.equal(dressed.data[1].line.width, 2);
  assert.equal(dressed.data[1].marker.color, "#D55E00");
  assert.deepEqual(plain(dressed.layout.xaxis), { range: [at - offset, at + 1000 - offset], type: "date" });
  assert.deepEqual(plain(figure), before);
});

test("the twin of a link leads to the same place", () => {
  const element = (tagName, attributes) => ({ tagName, getAttribute: (name) => attributes[name] ?? null });
  const link = element("A", { href: "/device/a" });
  assert.equal(shell.isTwin(link, element("A", { href: "/device/a" })), true);
  assert.equal(shell.isTwin(link, element("A", { href: "/device/b" })), false);
  const button = element("BUTTON", { "data-target": "m", "data-choose": "speed" });
  assert.equal(shell.isTwin(button, element("BUTTON", { "data-target": "m", "data-choose": "speed" })), true);
  assert.equal(shell.isTwin(button, element("BUTTON", { "data-target": "m", "data-choose": "x" })), false);
});

test("the map of a track is fitted to another track, and to one that grew out of view unless somebody steered", () => {
  const small = { key: "bus 1h", bounds: [[1, 1], [2, 2]] };
  const grown = { key: "bus 1h", bounds: [[1, 1], [2, 4]] };
  const view = [[0, 0], [3, 3]];
  const toFit = (...about) => plain(track.toFit(...about));
  assert.equal(toFit(null, null, view, false), null);
  assert.deepEqual(toFit(small, null, view, false), small.bounds);
  assert.equal(toFit(small, small, view, false), null);
  assert.equal(toFit(grown, small, view, true), null);
  const [[south, west], [north, east]] = toFit(grown, small, view, false);
  assert.ok(south < 1 && west < 1 && north > 2 && east > 4);
  assert.deepEqual(toFit({ ...small, key: "bus 6h" }, small, view, true), small.bounds);
});
