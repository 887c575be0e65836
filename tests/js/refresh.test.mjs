import assert from "node:assert/strict";
import { test } from "node:test";
import { shellParts } from "./load-shell.mjs";

const { refresh } = shellParts();
const plain = (value) => JSON.parse(JSON.stringify(value));
const SITE = { interval_s: 5, floor_s: 1, mode: "interval" };

/** The moments (s) at which a page asks, of a server that takes `took(now)` seconds; other events by their moment. */
function asks(plan, untilS, { took = () => 0.1, events = {}, start = {} } = {}) {
  let state = { ...refresh.initial("summary", plan, 0), ...start };
  const found = [];
  let answerAt = null;
  for (let ms = 0; ms <= untilS * 1000; ms += 100) {
    const now = ms / 1000;
    const send = (event) => {
      const [next, ask] = refresh.step(state, event, ms);
      state = next;
      if (ask) {
        found.push(now);
        answerAt = now + took(now);
      }
    };
    if (answerAt !== null && now >= answerAt) {
      answerAt = null;
      send({ type: "answered" });
    }
    if (events[now]) send(events[now]);
    send({ type: "tick" });
  }
  return { found, state };
}

test("the reader's choice wins over the site's, and the floor over both", () => {
  const of = (site, own) => plain(refresh.plan({ ...SITE, ...site }, own));
  assert.deepEqual(of({}, null), { mode: "interval", everyS: 5, floorS: 1, isOwn: false });
  assert.deepEqual(of({}, { everyS: 2 }), { mode: "interval", everyS: 2, floorS: 1, isOwn: true });
  assert.equal(of({ floor_s: 10, interval_s: 20 }, { everyS: 2 }).everyS, 10);
  assert.equal(of({ mode: "live", floor_s: 2 }, null).everyS, 2);
  assert.equal(of({ mode: "live" }, { mode: "interval" }).everyS, 5);
  assert.equal(of({}, { mode: "live", everyS: 60 }).everyS, 1);
  assert.equal(refresh.plan(undefined, null).everyS, 5);
});

test("storage may hold anything", () => {
  for (const own of [null, 5, "x", [], { everyS: "2" }, { everyS: 0.1 }, { everyS: 1e9 }, { everyS: null, mode: "push" }]) {
    assert.equal(refresh.plan(SITE, own).everyS, 5, JSON.stringify(own));
    assert.equal(refresh.plan(SITE, own).isOwn, false);
  }
});

test("it asks at the interval, whatever part of it the answer takes", () => {
  const plan = refresh.plan(SITE, { everyS: 2 });
  assert.deepEqual(asks(plan, 8).found, [2, 4, 6, 8]);
  assert.deepEqual(asks(plan, 8, { took: () => 1.5 }).found, [2, 4, 6, 8]);
});

test("a shorter interval holds at once", () => {
  const plan = refresh.plan(SITE, { everyS: 60 });
  const events = { 3: { type: "plan", plan: refresh.plan({ ...SITE, interval_s: 1 }, null) } };
  assert.deepEqual(asks(plan, 5, { events }).found, [3, 4, 5]);
});

test("a server slower than the interval is asked at half its pace, and at the interval again once it is quick", () => {
  const plan = refresh.plan(SITE, { everyS: 1 });
  const { found } = asks(plan, 26, { took: (now) => (now < 14 ? 6 : 0.2) });
  assert.deepEqual(found.slice(0, 4), [1, 13, 25, 26]);
  const slow = asks(plan, 10, { took: () => 6 }).state;
  assert.deepEqual([slow.slow, refresh.periodS(slow)], [true, 12]);
  const [eased] = refresh.step(slow, { type: "plan", plan: refresh.plan(SITE, { everyS: 10 }) }, 10000);
  assert.deepEqual([eased.slow, refresh.periodS(eased)], [false, 10]);
});

test("an answer that never comes is given up, but not soon", () => {
  assert.deepEqual(asks(refresh.plan(SITE, { everyS: 1 }), 40, { took: () => 1e9 }).found, [1, 16.1, 31.2]);
  assert.deepEqual(asks(refresh.plan(SITE, { everyS: 10 }), 60, { took: () => 1e9 }).found, [10, 50.1]);
});

for (const tookS of [3, 14, 20, 31, 100, 400]) {
  test(`a server that takes ${tookS} s to answer, and whose answer a new question overtakes, is drawn again and again`, () => {
    let state = refresh.initial("summary", refresh.plan(SITE, null), 0);
    const open = []; // answers that are under way: {at, isNewest}
    const drawn = [];
    for (let ms = 0; ms <= 4000 * 1000; ms += 100) {
      const send = (event) => {
        const [next, ask] = refresh.step(state, event, ms);
        state = next;
        if (!ask) return;
        open.forEach((one) => (one.isNewest = false));
        open.push({ at: ms + tookS * 1000, isNewest: true });
      };
      while (open.length > 0 && open[0].at <= ms) {
        if (open.shift().isNewest) drawn.push(ms / 1000);
        send({ type: "answered" }); // the page hears that a question is over, not which one
      }
      send({ type: "tick" });
    }
    const longest = Math.max(...drawn.map((at, index) => at - (drawn[index - 1] || 0)));
    assert.ok(longest < 12 * tookS + 10, `drawn at ${drawn.slice(0, 9)}`);
  });
}

test("nothing is asked while paused or not looked at, and what is overdue then at once", () => {
  const plan = refresh.plan(SITE, { everyS: 2 });
  for (const type of ["paused", "hidden"]) {
    const events = { 3: { type, on: true }, 9: { type, on: false } };
    assert.deepEqual(asks(plan, 12, { events }).found, [2, 9, 11], type);
  }
});

test("what the page asks by itself counts: the next question comes an interval later", () => {
  const events = { 1: { type: "asked" }, 1.4: { type: "answered" } };
  assert.deepEqual(asks(refresh.plan(SITE, null), 12, { events }).found, [6, 11]);
});

test("a page whose units are others asks at once, though it be paused, and when it is looked at again", () => {
  const plan = refresh.plan(SITE, null);
  assert.deepEqual(asks(plan, 3, { start: { paused: true }, events: { 2: { type: "now" } } }).found, [2]);
  const events = { 1: { type: "hidden", on: true }, 2: { type: "now" }, 3: { type: "hidden", on: false } };
  assert.deepEqual(asks(plan, 4, { events }).found, [3]);
});

test("what the server tells is asked for at once, or after the open question, whose answer would be lost else", () => {
  const plan = refresh.plan(SITE, null);
  const soon = (seconds) => Object.fromEntries(seconds.map((second) => [second, { type: "soon" }]));
  assert.deepEqual(asks(plan, 9, { events: soon([2]) }).found, [2, 7]);
  assert.deepEqual(asks(plan, 9, { events: soon([5.5, 6, 6.5]), took: () => 2 }).found, [5, 7]);
  const slow = asks(plan, 60, { events: soon([...Array(60).keys()]), took: () => 6 }).found;
  assert.deepEqual(slow, [0, 12, 24, 36, 48, 60], "a slow server is given its rest");
});

test("what is told to a page that is paused, or not looked at, waits until it goes on", () => {
  const plan = refresh.plan(SITE, { everyS: 60 });
  for (const type of ["paused", "hidden"]) {
    const events = { 1: { type, on: true }, 2: { type: "soon" }, 4: { type, on: false } };
    assert.deepEqual(asks(plan, 9, { events }).found, [4], type);
  }
});

test("intervals are said as people say them", () => {
  assert.deepEqual([0.5, 1, 30, 60, 90, 300].map(refresh.words), ["0.5 s", "1 s", "30 s", "1 min", "90 s", "5 min"]);
});

test("the menu offers nothing below the floor, and says what holds for everyone", () => {
  const site = { interval_s: 5, floor_s: 2, mode: "interval" };
  const menu = plain(refresh.menuOf("summary", { ...refresh.plan(site, null), paused: false }, site));
  assert.deepEqual(menu.choices.filter((one) => one.disabled).map((one) => one.everyS), [0.5, 1]);
  assert.deepEqual(menu.choices.filter((one) => one.pressed).map((one) => one.everyS), [5]);
  assert.equal(menu.everyone, "For everyone: every 5 s, never below 2 s.");
  assert.deepEqual([menu.chosen, menu.isOwn], ["interval", false]);
  const paused = refresh.menuOf("summary", { ...refresh.plan(site, { mode: "live" }), paused: true }, site);
  assert.deepEqual([paused.chosen, paused.isOwn], ["paused", true]);
  assert.match(refresh.menuOf("live", { ...refresh.plan(site, { mode: "live" }), paused: false }, site).note, /as it comes/);
});

test("a typed interval is a number from the floor on", () => {
  assert.deepEqual(plain(["2", " 2,5 ", "0.5"].map((text) => refresh.typed(text, 0.5))), [{ everyS: 2 }, { everyS: 2.5 }, { everyS: 0.5 }]);
  for (const [text, words] of [["", /number/], ["a", /number/], ["1", /floor is 2 s/], ["9999", /3600/]]) {
    assert.match(refresh.typed(text, 2).problem, words);
  }
});

test("questions that were given up are counted until one is answered", () => {
  const plan = refresh.plan(SITE, null);
  assert.equal(asks(plan, 50, { took: () => 1000 }).state.lost, 2);
  assert.equal(asks(plan, 50, { took: (now) => (now < 20 ? 1000 : 0.1) }).state.lost, 0);
});

test("a server that is not there is asked for nothing until it is, and then at once", () => {
  const plan = refresh.plan(SITE, { everyS: 2 });
  const events = { 5: { type: "reached", on: false }, 60: { type: "reached", on: true } };
  const { found, state } = asks(plan, 64, { took: (now) => (now < 60 ? 1e9 : 0.1), events });
  assert.deepEqual(found, [2, 60, 62, 64]);
  assert.equal(state.away, false);
});

test("one that is there, only slow, goes on as it does", () => {
  const events = { 5: { type: "reached", on: true } };
  const plan = refresh.plan(SITE, { everyS: 2 });
  assert.deepEqual(asks(plan, 20, { took: () => 6, events }).found, asks(plan, 20, { took: () => 6 }).found);
});

test("whether the server is there is asked while an answer is long in coming, and while it is not there", () => {
  const plan = refresh.plan(SITE, null);
  const state = { ...refresh.initial("summary", plan, 0), busy: true };
  assert.deepEqual([1900, 2100].map((ms) => refresh.isDoubted(state, ms)), [false, true]);
  for (const quiet of ["paused", "hidden"]) assert.equal(refresh.isDoubted({ ...state, [quiet]: true }, 9000), false);
  assert.equal(refresh.isDoubted({ ...state, busy: false }, 9000), false);
  assert.equal(refresh.isDoubted({ ...state, busy: false, away: true }, 0), true);
});
