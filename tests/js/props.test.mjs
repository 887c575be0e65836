// Components are told of what changes also where they are not there yet, or not any more.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";

const FILE = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets", "shell", "props.js");
const window = { setTimeout };
runInContext(readFileSync(FILE, "utf8"), createContext({ window, TypeError }), { filename: "props.js" });
const { props } = window.waypost;

/** Stands for Dash's renderer: it throws for a component that the page does not have. */
function page(...components) {
  const told = [];
  window.dash_clientside = {
    set_props(id, values) {
      if (!components.includes(id)) throw new TypeError("a.concat is not a function");
      told.push([id, values]);
    },
  };
  return { components, told };
}

test("a component that is there is told, and one that is not is no fault", () => {
  const { told } = page("site");
  assert.equal(props.set("site", { data: 1 }), true);
  assert.equal(props.set("gone", { data: 2 }), false);
  assert.deepEqual(told, [["site", { data: 1 }]]);
});

test("before Dash is there nothing can be told", () => {
  window.dash_clientside = undefined;
  assert.equal(props.set("site", {}), false);
});

test("any other fault is not hidden", () => {
  window.dash_clientside = {
    set_props() {
      throw new RangeError("something else");
    },
  };
  assert.throws(() => props.set("site", {}), /something else/);
});

test("what every page has is told once it is there, with what is newest then", () => {
  const { components, told } = page();
  const waiting = [];
  let newest = "first";
  props.setOnceThere("site", () => ({ data: newest }), (again) => waiting.push(again));
  newest = "second";
  waiting.shift()();
  assert.deepEqual(told, []);
  components.push("site");
  waiting.shift()();
  assert.deepEqual(told, [["site", { data: "second" }]]);
  assert.deepEqual(waiting, []);
});
