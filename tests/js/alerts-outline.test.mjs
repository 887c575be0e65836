import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets");

function load() {
  const window = {};
  runInContext(readFileSync(join(ASSETS, "alerts/10-outline.js"), "utf8"), createContext({ window }));
  return window.waypost.outline;
}

const outline = load();
const plain = (value) => JSON.parse(JSON.stringify(value));
const SQUARE = [[30, -98], [31, -98], [31, -97], [30, -97]];

test("corners are read as they are written, to a decimetre", () => {
  assert.deepEqual(plain(outline.parse(outline.text(SQUARE))), { corners: SQUARE, problem: null });
  assert.equal(outline.text([[48.12345678, -0.1], [-5, 190.5]]), "48.123457, -0.1\n-5, 190.5");
  assert.deepEqual(plain(outline.parse("48.15, 11.57\r\n\n -3;4 \n+5.5\t190.25").corners), [[48.15, 11.57], [-3, 4], [5.5, 190.25]]);
  assert.deepEqual(plain(outline.parse(null)), { corners: [], problem: null });
});

test("the first line that is no corner is named", () => {
  for (const line of ["48.15", "1, 2, 3", "north, east", "91, 3", "1e5, 3"]) {
    assert.match(outline.parse(`1, 2\n${line}\n5, 6`).problem, /^Line 2 is no corner/);
  }
});

test("an outline west of the date line goes on beyond 180 degrees, whole", () => {
  assert.deepEqual(plain(outline.normal([[1, -185], [2, -175], [0, -170]])), [[1, 175], [2, 185], [0, 190]]);
  assert.deepEqual(plain(outline.normal(SQUARE)), SQUARE);
});

test("corners are put in, moved and taken away without touching the outline before", () => {
  const before = plain(SQUARE);
  assert.deepEqual(plain(outline.insert(SQUARE, 1, [30.5, -99])), [[30, -98], [30.5, -99], [31, -98], [31, -97], [30, -97]]);
  assert.deepEqual(plain(outline.move(SQUARE, 2, [9, 9])[2]), [9, 9]);
  assert.equal(outline.drop(SQUARE, 0, false).length, 3);
  assert.deepEqual(plain(SQUARE), before);
});

test("an outline that is closed keeps three corners; one that is drawn may lose all", () => {
  assert.equal(outline.drop(SQUARE.slice(0, 3), 0, false).length, 3);
  assert.equal(outline.drop(SQUARE.slice(0, 1), 0, true).length, 0);
});

test("a corner in the middle of the last side comes behind the last corner", () => {
  const middles = plain(outline.middles(SQUARE));
  assert.deepEqual(middles[0], { at: 1, corner: [30.5, -98] });
  assert.deepEqual(middles[3], { at: 4, corner: [30, -97.5] });
});

test("only an outline that is drawn, with three corners, can be closed", () => {
  assert.equal(outline.canClose(SQUARE, true), true);
  assert.equal(outline.canClose(SQUARE, false), false);
  assert.equal(outline.canClose(SQUARE.slice(0, 2), true), false);
});

test("outlines are the same where their texts are", () => {
  assert.equal(outline.same(SQUARE, SQUARE.map(([lat, lon]) => [lat + 1e-9, lon])), true);
  assert.equal(outline.same(SQUARE, outline.move(SQUARE, 0, [30.001, -98])), false);
});

test("the hint says what to do next", () => {
  assert.match(outline.hint(0, true), /begins/);
  assert.match(outline.hint(2, true), /next corner is\.$/);
  assert.match(outline.hint(3, true), /close/);
  assert.match(outline.hint(4, false), /^4 corners\. Drag/);
});

test("the box is round all places, and there is none round nothing", () => {
  assert.deepEqual(plain(outline.box(SQUARE)), [[30, -98], [31, -97]]);
  assert.equal(outline.box([]), null);
});
