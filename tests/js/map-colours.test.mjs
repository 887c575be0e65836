import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { colouring, density, legend, scale, store: stores } = load("82");
const colours = { moving: "#111111", stopped: "#222222", nothing: "#333333", ramp: ["#000000", "#ffffff"], categories: Array.from({ length: 7 }, (_, i) => `#00000${i}`) };

test("a domain has five round ticks that cover the values", () => {
  for (const [low, high] of [[0, 79], [-3, 12], [0.012, 0.019], [5, 5], [0, 0], [1e6, 9e6], [-0.4, -0.1], [99.99, 100.01]]) {
    const { min, max, ticks } = scale.niceDomain(low, high);
    assert.equal(ticks.length, 5);
    assert.ok(min <= low + 1e-9 && max >= high - 1e-9, `${low} to ${high}: ${ticks}`);
    assert.ok(ticks.every((tick) => String(tick).length <= 9), `${ticks} are not round`);
    assert.ok(max - min <= 6 * Math.max(high - low, Math.abs(low) * 0.1, 1) + 1e-9);
  }
  assert.deepEqual(scale.niceDomain(0, 79).ticks, [0, 20, 40, 60, 80]);
});

test("strays do not flatten the colours of the rest", () => {
  const values = [...Array.from({ length: 98 }, (_, i) => i), 1e6, 2e6];
  assert.ok(scale.domainOf(values).max <= 100);
  assert.equal(scale.domainOf([]), null);
});

test("a domain is kept while the values stay about the same", () => {
  const held = scale.niceDomain(0, 80);
  assert.equal(scale.settle(held, scale.niceDomain(10, 60)), held);
  assert.notEqual(scale.settle(held, scale.niceDomain(0, 120)), held);
  assert.notEqual(scale.settle(held, scale.niceDomain(0, 10)), held);
});

test("steps go from one end of the ramp to the other, and what is beyond has the end", () => {
  const domain = { min: 0, max: 80 };
  assert.deepEqual([-5, 0, 40, 79.9, 80, 1e9].map((value) => scale.stepOf(value, domain)), [0, 0, 8, 15, 15, 15]);
  assert.deepEqual(scale.rampOf(["#000000", "#ffffff"], 3), ["rgb(0 0 0)", "rgb(128 128 128)", "rgb(255 255 255)"]);
});

test("a group keeps its colour when others come", () => {
  const groups = scale.createCategories();
  groups.learn(new Map([["b", 5], ["a", 9]]));
  assert.deepEqual(["a", "b", "zz"].map(groups.of), [0, 1, scale.CATEGORIES]);
  groups.learn(new Map(["b", "a", ..."cdefghij"].map((name, i) => [name, i])));
  assert.deepEqual(["a", "b"].map(groups.of), [0, 1]);
  assert.equal(groups.numbers.size, scale.CATEGORIES);
  assert.equal(groups.hasOthers, true);
});

function fleet(count) {
  const store = stores.create();
  const id = Array.from({ length: count }, (_, i) => i + 1);
  stores.applyDevices(store, { id, name: id.map((i) => `n${i}`), label: id.map(() => null), kind: id.map(() => null), fleet: id.map((i) => (i % 2 ? "odd" : null)) });
  for (let slot = 0; slot < count; slot++) {
    store.seenAt[slot] = 1e6;
    store.speed[slot] = slot === 0 ? 65535 : slot * 100;
  }
  return store;
}

test("colours by speed: each device has the row of its step, what has none the last", () => {
  const store = fleet(20);
  const by = colouring.create("speed");
  assert.equal(colouring.learn(by, store), true);
  assert.equal(colouring.learn(by, store), false);
  const rowOf = colouring.rowOf(by, store);
  assert.equal(rowOf(0), scale.STEPS);
  assert.ok(rowOf(19) > rowOf(2));
  assert.equal(colouring.rowsOf(by, colours).length, scale.STEPS + 1);
  assert.equal(legend.contentOf({ colouring: by }, { shown: false }, colours, { label: "Speed", unit: "km/h" }).steps.length, 5);
});

test("colours by fleet are of those seen, and the legend names them", () => {
  const by = colouring.create("fleet");
  colouring.learn(by, fleet(5));
  const content = legend.contentOf({ colouring: by }, { shown: false }, colours, { label: "Speed", unit: "" });
  assert.deepEqual(content.steps.map((step) => step.text), ["odd", "Others"]);
});

test("by state there is no legend: the totals are one", () => {
  assert.equal(legend.contentOf({ colouring: colouring.create() }, { shown: false }, colours, {}), null);
});

test("every place lies in the hexagon whose middle is nearest", () => {
  const width = density.RADIUS * Math.sqrt(3);
  const middle = ([row, column]) => [(column + (row & 1) / 2) * width, row * density.RADIUS * 1.5];
  for (let i = 0; i < 2000; i++) {
    const [x, y] = [(i * 7.31) % 300 - 100, (i * 3.77) % 200 - 100];
    const [row, column] = density.cellAt(x, y);
    const away = ([mx, my]) => (mx - x) ** 2 + (my - y) ** 2;
    let nearest = Infinity;
    for (let r = row - 2; r <= row + 2; r++) for (let c = column - 2; c <= column + 2; c++) nearest = Math.min(nearest, away(middle([r, c])));
    assert.ok(away(middle([row, column])) <= nearest + 1e-6, `${x}, ${y}`);
  }
});

test("the classes of density reach the greatest count", () => {
  assert.deepEqual(density.classesFor(2), [1, 3, 10, 30, 100]);
  assert.deepEqual(density.classesFor(1200), [10, 30, 100, 300, 1000]);
});

test("a crowd is many, close together and far away; and it takes a clearer view to end it", () => {
  const crowd = density.create();
  const n = 4000;
  const found = { vx: new Float32Array(n), vy: new Float32Array(n) };
  const spread = (each) => {
    for (let i = 0; i < n; i++) [found.vx[i], found.vy[i]] = [(Math.floor(i / each) % 80) * 16, Math.floor(i / each / 80) * 16];
  };
  const view = { width: 1300, height: 900, scale: 256 };
  spread(3);
  assert.equal(density.isCrowded(crowd, found, n, view), true);
  assert.equal(density.isCrowded(crowd, found, 1000, view), false);
  assert.equal(density.isCrowded(crowd, found, n, { ...view, scale: 2 ** 15 }), false);
  spread(2);
  assert.equal(density.isCrowded(crowd, found, n, view), false);
  crowd.shown = true;
  assert.equal(density.isCrowded(crowd, found, n, view), true);
});

test("the legend of density counts without a gap", () => {
  const content = legend.contentOf({}, { shown: true, least: [1, 3, 10, 30, 100] }, colours, {});
  assert.deepEqual(content.steps.map((step) => step.text), ["1–2", "3–9", "10–29", "30–99", "100+"]);
});
