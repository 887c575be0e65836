import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { hitGrid } = load("40");

function nearestByForce(xs, ys, x, y, radius) {
  let best = -1;
  let least = radius * radius;
  xs.forEach((one, i) => {
    const square = (one - x) ** 2 + (ys[i] - y) ** 2;
    if (square <= least) [best, least] = [i, square];
  });
  return best;
}

test("finds what a look at every place finds", () => {
  let seed = 42;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  const n = 2000;
  const xs = Float32Array.from({ length: n }, () => random() * 840 - 20); // some lie beyond the edges
  const ys = Float32Array.from({ length: n }, () => random() * 640 - 20);
  const grid = hitGrid.build(xs, ys, n, 800, 600);
  for (let i = 0; i < 500; i++) {
    const [x, y, radius] = [random() * 800, random() * 600, 2 + random() * 40];
    const found = hitGrid.nearest(grid, x, y, radius);
    const expected = nearestByForce(xs, ys, x, y, radius);
    const inside = expected >= 0 && xs[expected] >= 0 && ys[expected] >= 0 && xs[expected] < 800 && ys[expected] < 600;
    if (inside || expected < 0) assert.equal(found, expected);
  }
});

test("nothing within the radius is -1", () => {
  const grid = hitGrid.build(Float32Array.of(100), Float32Array.of(100), 1, 800, 600);
  assert.equal(hitGrid.nearest(grid, 120, 100, 14), -1);
  assert.equal(hitGrid.nearest(grid, 110, 100, 14), 0);
});

test("only the first n places count", () => {
  const grid = hitGrid.build(Float32Array.of(100, 200), Float32Array.of(100, 200), 1, 800, 600);
  assert.equal(hitGrid.nearest(grid, 200, 200, 14), -1);
});

test("an empty grid finds nothing", () => {
  assert.equal(hitGrid.nearest(hitGrid.build(new Float32Array(0), new Float32Array(0), 0, 0, 0), 5, 5, 20), -1);
});
