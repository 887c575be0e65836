import assert from "node:assert/strict";
import { test } from "node:test";
import { shellParts } from "./load-shell.mjs";

const { shell, charts, track, refresh } = shellParts();
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
  const answer = { at: 1000, ageS: 1, failed: false };
  const quiet = refresh.initial("summary", refresh.plan({ interval_s: 5, floor_s: 1, mode: "interval" }, null), 0);
  const after = (ms, changes = {}, asking = {}, online = true) => shell.freshness({ ...answer, ...changes }, { ...quiet, ...asking }, 1000 + ms, online);
  assert.equal(shell.freshness(null, quiet, 0, true).state, "waiting");
  assert.equal(shell.freshness(answer, null, 0, true).state, "waiting");
  assert.deepEqual([after(0).state, after(0).text], ["interval", "Every 5 s · now"]);
  assert.equal(after(4000).text, "Every 5 s · 5 s old");
  assert.deepEqual([after(16000).state, after(16000).text], ["stale", "Stale · 17 s old"]);
  assert.deepEqual([after(2000, { failed: true }).state, after(2000, { failed: true }).text], ["reconnecting", "Trying again · 3 s old"]);
  assert.deepEqual([after(60000, {}, { paused: true }).state, after(60000, {}, { paused: true }).text], ["paused", "Paused · 1 min old"]);
  assert.equal(after(0, {}, {}, false).state, "offline");
  assert.equal(after(0, { ageS: null }).text, "Every 5 s · no data");
  assert.equal(after(0, { ageS: 7200 }).text, "Every 5 s · 2 h old");
});

test("a slow server is said to be slow, with the interval that it is really asked at", () => {
  const answer = { at: 1000, ageS: 0, failed: false };
  const slow = { ...refresh.initial("summary", refresh.plan({ interval_s: 1, floor_s: 1, mode: "interval" }, null), 0), slow: true, tookS: 6 };
  const say = (asking, ms) => shell.freshness(answer, { ...slow, ...asking }, 1000 + ms, true);
  assert.deepEqual([say({}, 3000).state, say({}, 3000).text], ["slow", "Slow: every 12 s · 3 s old"]);
  const first = { slow: false, tookS: 0, busy: true, askedAt: 1000 };
  assert.equal(say(first, 1500).state, "interval");
  assert.deepEqual([say(first, 8000).state, say(first, 8000).text], ["slow", "Slow: waiting · 8 s old"]);
  assert.equal(say(first, 31000).state, "stale");
  assert.equal(say({ ...first, away: true }, 2500).state, "stale", "a server that is not there is not slow");
  const givenUp = { ...first, askedAt: 16000, lost: 1 };
  assert.equal(say(givenUp, 15500).state, "stale", "asking once more does not make old data new");
});

test("a new answer arrives now, and a failure keeps the age of the last", () => {
  const first = shell.heard(null, { asOf: "a", ageS: 1, failed: false }, 10);
  assert.equal(first.at, 10);
  assert.equal(shell.heard(first, { asOf: "a", ageS: 1, failed: false }, 99), first);
  const failed = shell.heard(first, { asOf: "b", ageS: null, failed: true }, 99);
  assert.deepEqual([failed.at, failed.ageS, failed.failed], [10, 1, true]);
  assert.equal(shell.heard(failed, { asOf: "c", ageS: 0, failed: false }, 120).failed, false);
  assert.equal(shell.heard(first, undefined, 99), first);
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

test("cells of a heat map take the scale of the scheme, and lie on its ground", () => {
  const theme = { template: {}, series: ["#0072B2"], scale: ["#000000", "#888888", "#ffffff"], ground: "#edf0f2" };
  const figure = { data: [{ meta: { part: "ground" } }, { meta: { part: "heat" } }], layout: {} };
  const [ground, cells] = plain(charts.dressed(figure, theme).data);
  assert.deepEqual(ground.colorscale, [[0, "#edf0f2"], [1, "#edf0f2"]]);
  assert.deepEqual(cells.colorscale, [[0, "#000000"], [0.5, "#888888"], [1, "#ffffff"]]);
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
