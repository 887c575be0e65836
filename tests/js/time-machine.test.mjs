import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { machineBar, timeline, timeMachine, player } = load("96");
const HOUR = 3600e3;
const T = Date.parse("2026-11-22T21:00:00Z");
const iso = (ms) => new Date(ms).toISOString();

test("bars are parts of the window, as high as their share of the busiest", () => {
  const coverage = { bucket_s: 360, buckets: [[iso(T), 6, 2], [iso(T + HOUR / 2), 1, 3]], events: [] };
  assert.deepEqual(timeline.bars(coverage, T, T + HOUR), [
    { left: 0, width: 0.1, moving: 0.75, stopped: 0.25 },
    { left: 0.5, width: 0.1, moving: 0.125, stopped: 0.375 },
  ]);
  assert.deepEqual(timeline.bars({ bucket_s: 60, buckets: [], events: [] }, T, T + HOUR), []);
});

test("the next event and the one before, never the one where one is", () => {
  const events = [0, 10, 10.2, 20].map((s) => ({ ts: iso(T + s * 1000), type: "x", device_id: "d" }));
  const from = (s, by) => { const found = timeline.eventFrom(events, T + s * 1000, by); return found && (found.at - T) / 1000; };
  assert.deepEqual([from(0, 1), from(10, 1), from(20, 1), from(-5, 1)], [10, 20, null, 0]);
  assert.deepEqual([from(20, -1), from(10, -1), from(0, -1), from(99, -1)], [10.2, 0, null, 20]);
});

test("a moment of today is a time, another has its day", () => {
  const noon = new Date(2026, 10, 22, 12, 0, 5).getTime();
  assert.equal(timeline.momentText(noon, HOUR, noon + HOUR, "de-DE"), "12:00:05");
  assert.match(timeline.momentText(noon, HOUR, noon + 30 * HOUR, "de-DE"), /22.*12:00:05/);
  assert.match(timeline.momentText(noon, 168 * HOUR, noon + HOUR, "de-DE"), /22.*12:00:05/);
  assert.equal(timeline.fieldValue(noon), "2026-11-22T12:00");
});

test("the address says moment, speed and window, beside what others say, and is read again", () => {
  const state = { ...player.initial(T, 6 * HOUR, { at: T - HOUR, speed: 50 }), playing: true };
  const search = timeMachine.write("?at=30.1,-97.7,12&device=bus%201", state);
  assert.equal(search, "?at=30.1,-97.7,12&device=bus+1&t=2026-11-22T20:00:00Z&speed=50&span=6");
  assert.deepEqual(timeMachine.read(search), { at: T - HOUR, speed: 50, spanMs: 6 * HOUR });
  assert.equal(timeMachine.write(search, null), "?at=30.1,-97.7,12&device=bus+1");
  assert.equal(timeMachine.write("?t=2026-11-22T20:00:00Z", null), "");
  assert.equal(timeMachine.read("?speed=5"), null);
  assert.equal(timeMachine.read("?t=yesterday"), null);
  assert.deepEqual(timeMachine.read("?t=2026-11-22T20:00:00Z&speed=x&span=5"), { at: T - HOUR, speed: 10, spanMs: HOUR });
});

test("every key of the bar does what the player knows", () => {
  for (const event of Object.values(timeMachine.KEYS)) assert.ok(player.step(player.initial(T, HOUR), event, T));
});

test("what was said of a moment outlives loading, and goes once it plays on or somebody goes elsewhere", () => {
  const said = { text: "door · van-1", at: T };
  const note = (at, isReady = true, hasFailed = false) => machineBar.noteOf({ at, speed: 50 }, isReady, hasFailed, said);
  assert.deepEqual([note(T, false), note(T), note(T + 200_000), note(T + 200_001), note(T - HOUR)], ["Loading …", said.text, said.text, "", ""]);
  assert.match(note(T, true, true), /tried again/);
  assert.equal(machineBar.noteOf({ at: T, speed: 1 }, true, false, null), "");
});
