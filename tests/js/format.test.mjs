import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { format } = load("05");

test("numbers have three significant digits beyond the point and thin spaces between thousands", () => {
  const expected = [[1234567, "1\u2009234\u2009567"], [3.14159, "3.14"], [0.00123, "0.00123"], [0, "0"], [-0, "0"], [100, "100"], [-12.5, "\u221212.5"], [999.5, "1\u2009000"], [0.5, "0.5"]];
  for (const [value, text] of expected) assert.equal(format.number(value), text, String(value));
});

test("what is not a number is a dash", () => {
  for (const value of [null, undefined, NaN, Infinity]) assert.equal(format.number(value), "–");
});

test("ages are said as people say them", () => {
  const expected = [[0, "now"], [1.99, "now"], [2, "2 s"], [59.9, "59 s"], [60, "1 min"], [3599, "59 min"], [3600, "1 h"], [86399, "23 h"], [86400, "1 d"], [null, "–"], [NaN, "–"]];
  for (const [seconds, text] of expected) assert.equal(format.age(seconds), text, String(seconds));
});

test("a long name is cut in the middle, never inside a character", () => {
  assert.equal(format.shorten("short", 10), "short");
  assert.equal(format.shorten("abcdefghijkl", 7), "abc…jkl");
  assert.equal(Array.from(format.shorten("🚌".repeat(40), 9)).length, 9);
});

test("speeds are km/h, whole from ten up", () => {
  assert.deepEqual(format.speed(10), { value: "36", unit: "km/h" });
  assert.deepEqual(format.speed(1.23), { value: "4.4", unit: "km/h" });
  assert.deepEqual(format.speed(0), { value: "0", unit: "km/h" });
  assert.deepEqual(format.speed(null), { value: "–", unit: "" });
});

test("headings name the point of the compass and never say 360", () => {
  assert.deepEqual(format.heading(271), { value: "271°", unit: "W" });
  assert.deepEqual(format.heading(359.7), { value: "0°", unit: "N" });
  assert.deepEqual(format.heading(45), { value: "45°", unit: "NE" });
  assert.deepEqual(format.heading(null), { value: "–", unit: "" });
});

test("a place can be pasted elsewhere", () => {
  assert.equal(format.place(30.2672, -97.7431), "30.26720, -97.74310");
});

test("speeds and heights follow the units chosen; what is no unit changes nothing", () => {
  format.setUnits({ speed: "mph", length: "ft" });
  assert.deepEqual(format.speed(10), { value: "22", unit: "mph" });
  assert.deepEqual(format.metres(100), { value: "328", unit: "ft" });
  format.setUnits({ speed: "furlongs", length: undefined });
  assert.equal(format.speed(10).unit, "mph");
  format.setUnits({ speed: "km/h", length: "m" });
  assert.deepEqual(format.metres(100), { value: "100", unit: "m" });
});
