import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { player } = load("94");
const HOUR = 3600e3;
const END = 1_795_000_000_000;
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

function emptyChunk(from, to) {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint16(0, 0x5742);
  view.setUint8(2, 1);
  view.setFloat64(8, from, true);
  view.setFloat64(16, to, true);
  return view.buffer;
}

/** A player with a clock and a server of its own. */
function bench({ start = {}, box = () => null, isUp = () => true } = {}) {
  const b = { paths: [], shown: [], ready: [], now: 0, wall: END };
  b.player = player.create({
    env: {
      now: () => b.now,
      wallMs: () => b.wall,
      fetch: async (path) => {
        b.paths.push(path);
        const query = new URL(path, "http://h").searchParams;
        const moment = (name) => Date.parse(query.get(name));
        return { ok: isUp(), status: 503, arrayBuffer: async () => emptyChunk(moment("from"), moment("to")) };
      },
    },
    start: { ...player.initial(END, HOUR), ...start },
    box,
    show: (chunk, at, jumped) => b.shown.push([at, jumped]),
    changed: (state, isReady) => b.ready.push(isReady),
  });
  b.tick = (ms) => {
    b.now += ms;
    b.player.tick();
  };
  return b;
}

test("it begins with the last part of the window, or where the address says, with the window about it", () => {
  const state = player.initial(END, HOUR);
  assert.deepEqual(state, { from: END - HOUR, to: END, at: END - HOUR / 6, speed: 10, playing: false });
  const old = player.initial(END, HOUR, { at: END - 10 * HOUR, speed: 50 });
  assert.deepEqual([old.from, old.to, old.at, old.speed], [END - 10.5 * HOUR, END - 9.5 * HOUR, END - 10 * HOUR, 50]);
  assert.equal(player.initial(END, HOUR, { speed: 3 }).speed, 10);
});

test("time goes on at its speed, waits for what is not there, and stops at the end", () => {
  const begin = { ...player.initial(END, HOUR), at: END - HOUR, playing: true };
  const tick = (state, ms, ready = true) => player.step(state, { type: "tick", ms, ready }, END);
  assert.equal(tick(begin, 100).at, begin.at + 1000);
  assert.equal(tick(begin, 100, false).at, begin.at);
  assert.equal(tick({ ...begin, playing: false }, 100).at, begin.at);
  assert.equal(tick(begin, 60000).at, begin.at + 10000, "a tab that slept does not leap");
  const ended = tick({ ...begin, at: END - 500 }, 100);
  assert.deepEqual([ended.at, ended.playing], [END, false]);
  assert.equal(player.step(ended, { type: "play" }, END).at, begin.from, "again from the beginning");
  assert.equal(tick({ ...begin, at: END - HOUR / 2 - 1 }, 100).playing, true);
  assert.equal(player.step({ ...begin, to: END + HOUR, at: END - 5 }, { type: "tick", ms: 100, ready: true }, END).at, END, "there is no past beyond now");
});

test("seeking stays in the window, moving on pauses, windows move and never beyond now", () => {
  const state = { ...player.initial(END, HOUR), playing: true };
  const seek = (at) => player.step(state, { type: "seek", at }, END).at;
  assert.deepEqual([seek(END - HOUR / 2), seek(0), seek(END + 5)], [END - HOUR / 2, END - HOUR, END]);
  const moved = player.step(state, { type: "move", ms: -1000 }, END);
  assert.deepEqual([moved.at, moved.playing], [state.at - 1000, false]);
  const back = player.step(state, { type: "shift", parts: -0.5 }, END);
  assert.deepEqual([back.from, back.at], [state.from - HOUR / 2, state.at - HOUR / 2]);
  assert.deepEqual(player.step(back, { type: "shift", parts: 2 }, END).to, END);
  const wide = player.step(state, { type: "window", from: END - 24 * HOUR, to: END }, END);
  assert.deepEqual([wide.at, wide.to - wide.from], [state.at, 24 * HOUR]);
  const speeds = [player.step(state, { type: "faster", by: 1 }, END), player.step(state, { type: "faster", by: -9 }, END), player.step(state, { type: "speed", speed: 7 }, END)];
  assert.deepEqual(speeds.map((one) => one.speed), [20, 1, 10]);
});

test("chunks of a speed lie side by side, half a minute each on the viewer's clock", () => {
  for (const speed of player.SPEEDS) {
    const chunk = player.chunkFor(END, speed);
    assert.ok(chunk.from <= END && END < chunk.to);
    assert.equal(player.chunkFor(chunk.to, speed).from, chunk.to);
    assert.equal(player.chunkFor(chunk.from, speed).from, chunk.from);
    assert.ok(chunk.stepS * 10 <= Math.max(10, speed));
  }
  assert.deepEqual([1, 10, 100].map((speed) => player.chunkFor(END, speed)).map((c) => [c.to - c.from, c.stepS]), [[60e3, 1], [300e3, 1], [3000e3, 10]]);
});

test("it asks for the chunk of its moment, waits for it, and for the next before this one is over", async () => {
  const at = Math.floor((END - HOUR / 2) / 300e3) * 300e3;
  const b = bench({ start: { at } });
  b.player.send({ type: "play" });
  assert.deepEqual([b.paths.length, b.shown.length], [1, 0]);
  assert.match(b.paths[0], /from=.*&to=.*&step_s=1$/);
  b.tick(0);
  b.tick(1000);
  assert.equal(b.player.state().at, at, "nothing to show yet");
  await settled();
  assert.deepEqual(b.shown, [[at, true]]);
  for (let i = 0; i < 16; i++) b.tick(1000);
  assert.equal(b.player.state().at, at + 160e3);
  assert.deepEqual(b.shown.at(-1), [at + 160e3, false]);
  assert.equal(b.paths.length, 2, "more than half of it is over");
  await settled();
  for (let i = 0; i < 15; i++) b.tick(1000);
  assert.equal(b.player.state().at, at + 310e3);
  assert.equal(b.paths.length, 2);
  b.player.send({ type: "seek", at: at + 5000 });
  assert.deepEqual([b.shown.at(-1), b.paths.length], [[at + 5000, true], 2], "what was played is kept");
});

test("another part of the world is asked for anew; a failure is tried again", async () => {
  const warn = console.warn;
  console.warn = () => {};
  let box = null;
  let up = false;
  const b = bench({ box: () => box, isUp: () => up });
  b.player.send({ type: "play" });
  await settled();
  b.tick(100);
  assert.deepEqual([b.paths.length, b.shown.length], [1, 0]);
  up = true;
  b.tick(2100);
  await settled();
  assert.deepEqual([b.paths.length, b.shown.length], [2, 1]);
  box = [1, 2, 3, 4];
  b.tick(100);
  assert.match(b.paths[2], /bbox=1,2,3,4/);
  console.warn = warn;
});

test("a chunk that reaches beyond the clock is asked for again as the clock moves on", async () => {
  const b = bench({ start: { at: END - 1000, speed: 1, to: END + HOUR } });
  b.player.send({ type: "play" });
  await settled();
  b.tick(0);
  for (let i = 0; i < 6; i++) {
    b.wall += 1000;
    b.tick(1000);
    await settled();
  }
  assert.equal(b.paths.filter((path) => path === b.paths[0]).length, 2);
});
