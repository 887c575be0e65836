import assert from "node:assert/strict";
import { test } from "node:test";
import { shellParts } from "./load-shell.mjs";

const { notices } = shellParts();
const drive = (events) => {
  let state = notices.initial();
  const effects = [];
  for (const [event, now] of events) {
    const [next, effect] = notices.step(state, event, now, 1);
    state = next;
    if (effect) effects.push(`${effect}@${now}`);
  }
  return { state, effects };
};
const tick = { type: "tick" };

test("it connects at once, again after a growing wait, and from the start once it has heard something", () => {
  const closed = { type: "closed", code: 1006 };
  const ticks = (from, to) => Array.from({ length: (to - from) / 250 + 1 }, (_, i) => [tick, from + 250 * i]);
  const { state, effects } = drive([
    [tick, 0], [closed, 100], ...ticks(250, 1000), [closed, 1000], ...ticks(1250, 4000),
    [{ type: "message" }, 4000], [closed, 4100], ...ticks(4250, 5000),
  ]);
  assert.deepEqual(effects, ["open@0", "open@750", "open@2000", "open@4750"]);
  assert.equal(state.phase, "open");
});

test("a wait is never longer than 15 s, and a server without room is left alone for so long", () => {
  let state = notices.initial();
  for (let i = 0; i < 40; i++) [state] = notices.step({ ...state, phase: "open" }, { type: "closed", code: 1006 }, 0, 1);
  assert.equal(state.retryAt, 15000);
  const [full] = notices.step({ ...notices.initial(), phase: "open" }, { type: "closed", code: 1013 }, 0, 0);
  assert.equal(full.retryAt, 15000);
});

test("a connection that says nothing is given up, one that beats is kept", () => {
  const { effects } = drive([[tick, 0], [{ type: "message" }, 10000], [tick, 34999], [tick, 35001]]);
  assert.deepEqual(effects, ["open@0", "close@35001"]);
});

test("who is refused asks no more, and a browser that is online again asks at once", () => {
  assert.deepEqual(drive([[tick, 0], [{ type: "closed", code: 4403 }, 1], [tick, 99999]]).effects, ["open@0"]);
  assert.deepEqual(drive([[tick, 0], [{ type: "closed", code: 1006 }, 1], [{ type: "online" }, 2]]).effects, ["open@0", "open@2"]);
});

test("settings and alerts are taken from what the server says, and nothing else", () => {
  const read = (text) => JSON.parse(JSON.stringify(notices.read(text)));
  assert.deepEqual(read('{"type":"settings","settings":{"top_n":3}}'), ["settings", { top_n: 3 }]);
  assert.deepEqual(read('{"type":"alerts","alerts":{"open":0}}'), ["alerts", { open: 0 }]);
  for (const text of ['{"type":"beat"}', '{"type":"settings"}', '{"type":"alerts"}', '{"type":"x","x":1}', "null", "{", "5"]) {
    assert.equal(notices.read(text), null);
  }
});

test("other tiles make a page that is open load itself anew, the first word about them does not", () => {
  const tiles = (url) => ({ tiles: { url, attribution: "" } });
  assert.equal(notices.isAnotherGround(null, tiles("a")), false);
  assert.equal(notices.isAnotherGround(tiles("a"), tiles("a")), false);
  assert.equal(notices.isAnotherGround(tiles(null), tiles("a")), true);
});

test("settings that a page knows already are not put in again, those that differ are", () => {
  const site = { pages: { summary: { interval_s: 5 } }, tiles: { url: null } };
  assert.equal(notices.isKnown(site, structuredClone(site)), true);
  assert.equal(notices.isKnown(site, { ...site, pages: { summary: { interval_s: 6 } } }), false);
  assert.equal(notices.isKnown(null, site), false);
});
