import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { drawer } = load("83");

test("a drawer let go at rest ends where it is nearer", () => {
  assert.equal(drawer.endsOpen(140, 0, 100, 500), false);
  assert.equal(drawer.endsOpen(310, 0, 100, 500), true);
});

test("a fling decides by its direction wherever the drawer is", () => {
  assert.equal(drawer.endsOpen(120, 0.9, 100, 500), true);
  assert.equal(drawer.endsOpen(480, -0.9, 100, 500), false);
});

test("a drag stays between closed and open", () => {
  assert.equal(drawer.heightAt(100, 50, 100, 500), 150);
  assert.equal(drawer.heightAt(100, -50, 100, 500), 100);
  assert.equal(drawer.heightAt(100, 900, 100, 500), 500);
});
