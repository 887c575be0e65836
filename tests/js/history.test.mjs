import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets");

/** window.waypost of the scripts of the panels and of the History and Device pages, run without a document. */
function load() {
  const window = {};
  const context = createContext({ window, URLSearchParams, Date, Number, Math, Object });
  const files = ["shell/charts.js", "shell/panels.js", "history/tracks.js", "history/brush.js", "history/history.js", "device/device.js"];
  for (const name of files) runInContext(readFileSync(join(ASSETS, name), "utf8"), context, { filename: name });
  return window.waypost;
}

const { panels, tracks, brush, history, device, charts } = load();
const plain = (value) => JSON.parse(JSON.stringify(value));
const THEME = { template: { layout: { xaxis: { tickfont: { color: "#5c636a" } } } }, series: ["#0072B2", "#D55E00"] };
const T0 = Date.UTC(2026, 10, 23, 9);

test("buckets stand in their middle, and the newest in the middle of what is over of it", () => {
  const meta = { at: [0, 1, null, 4], x0: 1000, dx: 100, span: [1050, 1420] };
  assert.deepEqual(plain(panels.times(meta)), [1075, 1150, null, 1410]);
});

test("a band goes through the highs and back through the lows, run by run", () => {
  const { x, y } = panels.outline([1, 2, null, 4], [10, 20, null, 40], [11, 21, null, 41]);
  assert.deepEqual(plain(x), [1, 2, 2, 1, null, 4, 4]);
  assert.deepEqual(plain(y), [11, 21, 20, 10, null, 41, 40]);
});

test("only a point without neighbours is drawn as a dot", () => {
  assert.deepEqual(plain(panels.dots([1, null, 3, 4, null], 5)), [5, 0, 0, 0, 0]);
});

test("bands lie below all lines, colours come round as dots, and the source stays as it was", () => {
  const meta = { tone: 2, at: [0, 1], x0: T0, dx: 60000, span: [T0, T0 + 120000], alone: 5, unit: " km/h" };
  const line = { name: "a", y: [1, 2], yaxis: "y2", line: { width: 1.75 }, mode: "lines", meta };
  const figure = {
    data: [
      { ...line, meta: { ...meta, low: [0, 1], high: [2, 3] } },
      { ...line, line: { dash: "dash" } },
    ],
    layout: { xaxis: { range: [T0, T0 + 120000] }, shapes: [{ x0: T0, x1: T0 }], annotations: [{ text: "Speed" }] },
  };
  const before = plain(figure);
  const { data, layout } = panels.dressed(figure, THEME);
  assert.deepEqual(plain(data.map((trace) => trace.fill ?? trace.line.dash)), ["toself", "dot", "dash"]);
  assert.equal(data[0].yaxis, "y2");
  assert.equal(data[1].line.color, "#0072B2");
  assert.match(data[1].hovertemplate, /%\{y\} km\/h%\{customdata\}<extra>a<\/extra>/);
  assert.deepEqual(plain(data[1].customdata), [" (0 to 2)", " (1 to 3)"]);
  assert.equal(layout.xaxis.range[0], charts.local(T0));
  assert.equal(layout.shapes[0].x0, charts.local(T0));
  assert.deepEqual(plain(figure), before);
});

test("what Plotly tells of a drag is a span in UTC, and anything else is none", () => {
  const shown = (ms) => new Date(charts.local(ms)).toISOString().slice(0, 23).replace("T", " ");
  const dragged = panels.dragged({ "xaxis.range[0]": shown(T0), "xaxis.range[1]": shown(T0 + 5000) });
  assert.deepEqual(plain(dragged), { from: T0, to: T0 + 5000 });
  assert.deepEqual(plain(panels.dragged({ "xaxis.range": [charts.local(T0), charts.local(T0 + 1)] })), { from: T0, to: T0 + 1 });
  assert.equal(panels.dragged({ autosize: true }), null);
  assert.equal(panels.dragged({ "xaxis.range[0]": shown(T0), "xaxis.range[1]": shown(T0) }), null);
});

const WAY = { name: "a", tone: 0, t0: T0, at: [0, 10, 20, 1000], lat: [0, 1, 2, 5], lon: [0, 1, 2, 5], cuts: [3] };

test("a device was between two places straight on, and nobody knows where in a gap or outside", () => {
  const at = (seconds) => plain(tracks.placeAt(WAY, T0 + seconds * 1000));
  assert.deepEqual(at(0), [0, 0]);
  assert.deepEqual(at(15), [1.5, 1.5]);
  assert.deepEqual(at(1000), [5, 5]);
  for (const seconds of [-1, 21, 999, 1001]) assert.equal(at(seconds), null);
  assert.deepEqual(plain(tracks.placeAt({ ...WAY, at: [0], lat: [3], lon: [4], cuts: [] }, T0)), [3, 4]);
});

test("a line is cut at gaps and does not jump round the world", () => {
  assert.deepEqual(plain(tracks.runs(WAY)), [[[0, 0], [1, 1], [2, 2]], [[5, 5]]]);
  const across = { lat: [0, 0, 0], lon: [179, -179, 179], cuts: [] };
  assert.deepEqual(plain(tracks.runs(across)), [[[0, 179], [0, 181], [0, 179]]]);
  const middle = tracks.placeAt({ ...WAY, at: [0, 10], lat: [0, 0], lon: [179, -179], cuts: [] }, T0 + 5000);
  assert.equal(Math.abs(middle[1]), 180);
});

test("pointing near a way tells when the device was there", () => {
  const project = ([lat, lon]) => ({ x: lon * 10, y: lat * 10 });
  assert.equal(tracks.momentAt([WAY], { x: 15, y: 15 }, project, 5), T0 + 15000);
  assert.equal(tracks.momentAt([WAY], { x: 49, y: 51 }, project, 5), T0 + 1_000_000);
  assert.equal(tracks.momentAt([WAY], { x: 35, y: 35 }, project, 5), null, "nobody knows what it did in the gap");
  assert.equal(tracks.momentAt([], { x: 0, y: 0 }, project, 5), null);
});

test("the part of a way between two moments begins and ends there", () => {
  const part = (from, to) => plain(tracks.part(WAY, T0 + from * 1000, T0 + to * 1000));
  assert.deepEqual(part(5, 15), [[[0.5, 0.5], [1, 1], [1.5, 1.5]]]);
  assert.deepEqual(part(2, 4), [[[0.2, 0.2], [0.4, 0.4]]]);
  assert.deepEqual(part(15, 2000), [[[1.5, 1.5], [2, 2]], [[5, 5]]]);
  assert.deepEqual(part(100, 200), []);
});

test("the box round tracks has room, also round a single place", () => {
  const [[south, west], [north, east]] = tracks.box([WAY]);
  assert.ok(south < 0 && west < 0 && north > 5 && east > 5);
  assert.equal(tracks.box([]), null);
});

const PERIOD = { from: 0, to: 100_000 };

test("a press takes hold of an edge, of the window, or begins another", () => {
  const zoom = { from: 20_000, to: 60_000 };
  const grabbed = (x, seen = zoom) => brush.grabbed(x, seen, PERIOD, 1000);
  assert.deepEqual([203, 597, 400, 100, 700].map((x) => grabbed(x)), ["from", "to", "move", "new", "new"]);
  assert.equal(grabbed(300, null), "new");
  assert.equal(brush.grabbed(21, { from: 2000, to: 2300 }, PERIOD, 1000), "move", "a narrow window can still be moved");
});

test("a drag stays within the period and may turn a window round", () => {
  const zoom = { from: 20_000, to: 60_000 };
  const dragged = (...about) => plain(brush.dragged(...about, PERIOD));
  assert.deepEqual(dragged("move", zoom, 30_000, 40_000), { from: 30_000, to: 70_000 });
  assert.deepEqual(dragged("move", zoom, 30_000, 99_000), { from: 60_000, to: 100_000 });
  assert.deepEqual(dragged("from", zoom, 20_000, 80_000), { from: 60_000, to: 80_000 });
  assert.deepEqual(dragged("to", zoom, 60_000, 200_000), { from: 20_000, to: 100_000 });
  assert.deepEqual(dragged("new", null, 90_000, 10_000), { from: 10_000, to: 90_000 });
});

test("keys move the window, make it shorter and longer, and leave it", () => {
  const zoom = { from: 20_000, to: 60_000 };
  const pressed = (key, seen = zoom) => plain(brush.pressed(key, seen, PERIOD));
  assert.deepEqual(pressed("ArrowLeft"), { from: 10_000, to: 50_000 });
  assert.deepEqual(pressed("ArrowRight"), { from: 30_000, to: 70_000 });
  assert.deepEqual(pressed("+"), { from: 30_000, to: 50_000 });
  assert.deepEqual(pressed("-"), { from: 0, to: 80_000 });
  assert.equal(pressed("-", { from: 0, to: 60_000 }), false);
  assert.equal(pressed("Escape"), false);
  assert.equal(pressed("Escape", null), null);
  assert.equal(pressed("ArrowLeft", null), null);
  assert.deepEqual(pressed("+", null), { from: 25_000, to: 75_000 });
  assert.equal(pressed("+", { from: 0, to: 3000 }), null, "nothing is shorter than two seconds");
  assert.equal(pressed("x"), null);
});

test("the overview's line is cut at gaps, and a value alone can be seen", () => {
  const line = { x0: 0, dx: 1000, at: [0, 1, 2, 50], y: [0, 5, 10, 10] };
  const path = brush.path(line, PERIOD, brush.range([line]), 1000, 46);
  assert.equal(path, "M5.0 43.0L15.0 23.0L25.0 3.0M505.0 3.0h0.5");
  assert.deepEqual(plain(brush.range([{ y: [4, 4] }])), [3, 5]);
  assert.equal(brush.range([]), null);
});

test("a search adds options and takes none away, so that nothing chosen is dropped", () => {
  const option = (value) => ({ value, label: value });
  const options = [option("a"), option("b")];
  assert.deepEqual(plain(history.offered(options, [option("b"), option("c")])).map((one) => one.value), ["a", "b", "c"]);
  assert.equal(history.offered(options, [option("a")]), null);
  assert.equal(history.offered(options, null), null);
  assert.deepEqual(plain(history.offered(null, [option("a")])), [option("a")]);
});

test("the address holds what is shown and keeps what is not ours", () => {
  const zoom = { from: T0, to: T0 + 60000 };
  const search = history.searchOf("?from=now-1h&device=old", { devices: ["a b", "<c>&"], metrics: ["speed"], compare: true, zoom });
  const query = new URLSearchParams(search);
  assert.deepEqual(query.getAll("device"), ["a b", "<c>&"]);
  assert.deepEqual([query.get("from"), query.get("compare"), query.get("metric")], ["now-1h", "1", "speed"]);
  assert.deepEqual(plain(history.zoomOf(search)), zoom);
  assert.equal(history.searchOf("?zoom=x", { devices: [], metrics: [], compare: false, zoom: null }), "");
  for (const nonsense of ["", "?zoom=", "?zoom=a~b", "?zoom=2026-01-02~2026-01-01"]) assert.equal(history.zoomOf(nonsense), null);
});

test("a step of the browser's history that only zooms is told from one that leads elsewhere", () => {
  assert.equal(history.onlyZoomed("?device=a&zoom=x", "?device=a"), true);
  assert.equal(history.onlyZoomed("?device=a&zoom=x", "?device=b"), false);
});

test("a drag of less than two seconds is widened round its middle", () => {
  assert.deepEqual(plain(history.usable({ from: 1000, to: 1200 })), { from: 100, to: 2100 });
  assert.deepEqual(plain(history.usable({ from: 1000, to: 9000 })), { from: 1000, to: 9000 });
});

test("a draft says what it is about", () => {
  assert.match(history.draftWords(null), /Drag/);
  assert.match(history.draftWords({ from: T0, to: T0 + 60000 }), / to /);
  assert.doesNotMatch(history.draftWords({ from: T0, to: null }), / to /);
});

test("a row of the trips says its span, and a zoom on the Device page is a period", () => {
  assert.deepEqual(plain(device.spanOf("1000 2000")), { from: 1000, to: 2000 });
  for (const nonsense of ["", "1", "2 1", "a b", undefined]) assert.equal(device.spanOf(nonsense), null);
  const { from, to, zone } = device.periodOf({ from: T0, to: T0 + 10 }, "Europe/Berlin");
  assert.deepEqual([from, to, zone], ["2026-11-23T09:00:00.000Z", "2026-11-23T09:00:01.000Z", "Europe/Berlin"]);
});
