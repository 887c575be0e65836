import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { connection } = load("60");

/** A connection with a clock and sockets of its own. */
function bench({ refuse = () => false, ...options } = {}) {
  const sockets = [];
  const phases = [];
  let now = 0;
  let tick = null;
  class Socket {
    constructor(url) {
      this.url = url;
      this.closed = false;
      this.readyState = 1;
      this.sent = [];
      sockets.push(this);
    }
    close() {
      this.closed = true;
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
  }
  const line = connection.open({
    url: "ws://waypost/api/v1/live",
    onMessage: (data) => { if (refuse(data)) throw new Error("refused"); },
    onChange: (state) => phases.push(state.phase),
    env: { WebSocket: Socket, now: () => now, random: () => 0.5, setInterval: (run) => { tick = run; return 1; }, clearInterval: () => { tick = null; } },
    ...options,
  });
  const last = () => sockets[sockets.length - 1];
  return {
    line, sockets, phases, last,
    now: () => now,
    asked: () => JSON.parse(new URL(last().url).searchParams.get("view")),
    text: (message) => last().onmessage({ data: JSON.stringify(message) }),
    frame: () => last().onmessage({ data: new ArrayBuffer(0) }),
    pass(ms) {
      for (const end = now + ms; now < end && tick; ) { now += 50; tick(); }
    },
    stopped: () => tick === null,
  };
}

test("connecting, then live with the first frame and not before", () => {
  const b = bench();
  assert.equal(b.line.state().phase, "connecting");
  b.last().onmessage({ data: "{}" });
  assert.equal(b.line.state().phase, "connecting");
  b.frame();
  assert.equal(b.line.state().phase, "live");
});

test("quiet for 2.5 s is stale, a frame makes it live again, 5 s is lost", () => {
  const b = bench();
  b.frame();
  b.pass(2400);
  assert.equal(b.line.state().phase, "live");
  b.pass(200);
  assert.equal(b.line.state().phase, "stale");
  b.frame();
  assert.equal(b.line.state().phase, "live");
  b.pass(5100);
  assert.equal(b.line.state().phase, "reconnecting");
  assert.ok(b.sockets[0].closed);
});

test("the wait doubles from 0.5 s to 5 s, half of it random", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 20].map((attempt) => connection.waitMs(attempt, 1)), [500, 1000, 2000, 4000, 5000, 5000]);
  assert.deepEqual([0, 4].map((attempt) => connection.waitMs(attempt, 0)), [250, 2500]);
});

test("a closed socket is opened again after its wait, and success resets the wait", () => {
  const b = bench();
  b.frame();
  b.last().onclose({ code: 1001 });
  assert.equal(b.line.state().phase, "reconnecting");
  b.pass(350);
  assert.equal(b.sockets.length, 1);
  b.pass(100);
  assert.equal(b.sockets.length, 2);
  b.last().onclose({ code: 1006 });
  assert.equal(b.line.state().attempt, 2);
  b.pass(1000);
  b.frame();
  assert.deepEqual([b.line.state().phase, b.line.state().attempt], ["live", 0]);
});

test("a socket that never opens is given up after 10 s, not sooner: a slow server would only get more to do", () => {
  const b = bench();
  b.pass(9900);
  assert.ok(!b.sockets[0].closed);
  b.pass(400);
  assert.ok(b.sockets[0].closed);
  assert.equal(b.line.state().phase, "reconnecting");
});

test("a frame that is refused closes the socket, and the wait grows while it goes on", () => {
  const b = bench({ refuse: (data) => typeof data !== "string" });
  const warn = console.warn;
  console.warn = () => {};
  for (let i = 1; i <= 3; i++) {
    b.last().onmessage({ data: "{}" });
    b.frame();
    assert.equal(b.line.state().attempt, i);
    b.pass(5000);
  }
  console.warn = warn;
  assert.ok(b.sockets[0].closed);
});

test("events of a socket that was given up are not heard", () => {
  const b = bench();
  b.frame();
  b.pass(6000);
  const old = b.sockets[0];
  const { phase } = b.line.state();
  old.onclose({ code: 1006 });
  old.onmessage({ data: new ArrayBuffer(0) });
  assert.equal(b.line.state().phase, phase);
});

test("too many viewers: the full wait", () => {
  const b = bench();
  b.last().onclose({ code: 1013 });
  b.pass(4900);
  assert.equal(b.sockets.length, 1);
  b.pass(200);
  assert.equal(b.sockets.length, 2);
});

test("signed out or refused: it does not try again", () => {
  for (const code of [4401, 4403]) {
    const b = bench();
    b.last().onclose({ code });
    b.pass(20000);
    assert.equal(b.line.state().phase, "refused");
    assert.equal(b.sockets.length, 1);
  }
});

test("a network that comes back cuts the wait short", () => {
  const b = bench();
  b.frame();
  b.last().onclose({ code: 1006 });
  b.line.online();
  assert.equal(b.sockets.length, 2);
});

test("stop closes the socket and the clock", () => {
  const b = bench();
  b.frame();
  b.line.stop();
  assert.ok(b.last().closed);
  assert.ok(b.stopped());
  assert.equal(b.line.state().phase, "idle");
});

test("the socket's address follows the page's", () => {
  assert.equal(connection.liveUrl({ protocol: "https:", host: "w.example" }), "wss://w.example/api/v1/live");
  assert.equal(connection.liveUrl({ protocol: "http:", host: "127.0.0.1:8050" }), "ws://127.0.0.1:8050/api/v1/live");
});

test("the view goes with the address, and another one by the open socket", () => {
  const view = { box: [0, 1, 2, 3], metric: "battery", also: [7], everyMs: 1000 };
  const b = bench({ view });
  assert.deepEqual(b.asked(), { type: "view", box: [0, 1, 2, 3], metric: "battery", also: [7], every_ms: 1000 });
  b.frame();
  b.line.setView({ ...view, also: [7] }); // the same: nothing to say
  b.line.setView({ box: [0, 1, 2, 4] });
  assert.deepEqual(b.last().sent, [{ type: "view", box: [0, 1, 2, 4], metric: null, also: [] }]);
  b.last().onclose({ code: 1006 });
  b.pass(1000);
  assert.deepEqual(b.asked().box, [0, 1, 2, 4]);
});

test("a view that changes while the socket opens is said when it is open", () => {
  const b = bench();
  b.last().readyState = 0;
  b.line.setView({ box: [0, 1, 2, 4] });
  assert.deepEqual(b.last().sent, []);
  b.last().onopen();
  assert.deepEqual(b.last().sent[0].box, [0, 1, 2, 4]);
});

test("it goes on where it was only with the picture of the very view it has", () => {
  let moment = NaN;
  const box = [0, 1, 2, 3];
  const b = bench({ view: { box }, asOf: () => moment });
  const again = () => {
    b.last().onclose({ code: 1006 });
    b.pass(5000);
    return b.asked().since;
  };
  assert.equal(b.asked().since, undefined);
  assert.equal(again(), undefined);
  const echo = { type: "view", box, every_ms: 100, metric: null, also: [] };
  b.text(echo);
  b.frame();
  moment = 1234.5;
  assert.equal(again(), 1234.5);
  assert.equal(again(), 1234.5, "as often as the connection breaks");
  b.line.setView({ box, metric: "battery" });
  b.frame(); // still one of the old view
  assert.equal(again(), undefined);
  b.text({ ...echo, metric: "battery" });
  b.frame();
  assert.equal(again(), 1234.5);
});

test("a refused frame spoils the picture: it does not go on from there", () => {
  let bad = false;
  const b = bench({ asOf: () => 5, refuse: (data) => bad && typeof data !== "string" });
  b.text({ type: "view", box: null, every_ms: 100, metric: null, also: [] });
  b.frame();
  bad = true;
  const warn = console.warn;
  console.warn = () => {};
  b.frame();
  console.warn = warn;
  b.pass(1000);
  assert.equal(b.asked().since, undefined);
});

/** Questions that a test answers. */
function questions() {
  const asked = [];
  const poll = (view, signal) => new Promise((resolve, reject) => {
    asked.push({ view, signal, answer: resolve, fail: (status) => reject(Object.assign(new Error("no"), { status })) });
  });
  return { asked, poll, last: () => asked[asked.length - 1] };
}
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

test("interval: the socket is closed, it asks at once and then every few seconds, never twice at a time", async () => {
  const q = questions();
  const b = bench({ poll: q.poll });
  b.frame();
  b.line.interval(2000);
  assert.deepEqual([b.last().closed, q.asked.length, b.line.state().phase], [true, 1, "connecting"]);
  b.pass(3000);
  assert.equal(q.asked.length, 1, "the first is not answered yet");
  q.last().answer();
  await settled();
  assert.equal(b.line.state().phase, "interval");
  b.pass(500);
  assert.equal(q.asked.length, 2, "2 s after the last was asked");
  q.last().answer();
  await settled();
  b.pass(1500);
  assert.equal(q.asked.length, 2);
  b.line.interval(500); // another interval takes effect at once
  assert.equal(q.asked.length, 3);
  b.line.live();
  assert.ok(q.last().signal.aborted);
  assert.deepEqual([b.sockets.length, b.line.state().phase], [2, "connecting"]);
});

test("interval: another view is asked for at once, a failure is tried again, a refusal is not", async () => {
  const q = questions();
  const b = bench({ poll: q.poll, mode: { mode: "interval", everyMs: 60000 } });
  assert.equal(b.sockets.length, 0);
  q.last().answer();
  await settled();
  b.line.setView({ box: [0, 1, 2, 3] });
  b.pass(50);
  assert.deepEqual([q.asked.length, q.last().view.box], [2, [0, 1, 2, 3]]);
  const warn = console.warn;
  console.warn = () => {};
  q.last().fail(503);
  await settled();
  assert.equal(b.line.state().phase, "reconnecting");
  b.pass(500);
  assert.equal(q.asked.length, 3);
  b.pass(10100); // no answer at all
  assert.ok(q.asked[2].signal.aborted);
  b.pass(1000);
  assert.equal(q.asked.length, 4);
  q.last().fail(401);
  await settled();
  console.warn = warn;
  b.pass(60000);
  assert.deepEqual([b.line.state().phase, q.asked.length], ["refused", 4]);
});

test("paused: nothing is open or asked until it goes on", () => {
  const q = questions();
  const b = bench({ poll: q.poll });
  b.frame();
  b.line.pause();
  b.pass(60000);
  b.line.online();
  assert.deepEqual([b.line.state().phase, b.last().closed, b.sockets.length], ["paused", true, 1]);
  b.line.live();
  assert.equal(b.sockets.length, 2);
  assert.equal(bench({ mode: { mode: "paused" } }).sockets.length, 0);
});

test("a tab that is not looked at lets go after 3 s and catches up at once when it returns", () => {
  const b = bench();
  b.frame();
  b.line.hidden(true);
  for (let i = 0; i < 4; i++) { b.pass(500); b.frame(); }
  b.line.hidden(false);
  b.pass(2000);
  b.frame();
  assert.equal(b.sockets.length, 1, "flipped past");
  b.line.hidden(true);
  b.pass(3500);
  assert.deepEqual([b.line.state().phase, b.last().closed], ["hidden", true]);
  b.pass(60000);
  assert.equal(b.sockets.length, 1);
  b.line.interval(1000); // a setting from elsewhere does not wake it
  b.line.live();
  assert.equal(b.sockets.length, 1);
  b.line.hidden(false);
  assert.deepEqual([b.line.state().phase, b.sockets.length], ["connecting", 2]);
});

test("while the page shows the past nothing comes, whatever happens; then the whole picture comes anew", async () => {
  const q = questions();
  const b = bench({ poll: q.poll, asOf: () => 5 });
  b.text({ type: "view", box: null, every_ms: 100, metric: null, also: [] });
  b.frame();
  b.line.hold(true);
  assert.deepEqual([b.line.state().phase, b.last().closed], ["held", true]);
  b.line.interval(1000);
  b.line.hidden(true);
  b.pass(60000);
  b.line.hidden(false);
  b.line.online();
  b.line.live();
  assert.deepEqual([b.line.state().phase, b.sockets.length, q.asked.length], ["held", 1, 0]);
  b.line.hold(false);
  assert.deepEqual([b.line.state().phase, b.sockets.length, b.asked().since], ["connecting", 2, undefined]);
  const past = bench({ mode: { mode: "live", phase: "held" } });
  past.pass(20000);
  assert.equal(past.sockets.length, 0, "the address asks for the past");
  past.line.hold(false);
  assert.equal(past.sockets.length, 1);
  b.frame();
  b.line.pause();
  b.line.hold(true);
  b.line.hold(false);
  assert.equal(q.asked.length, 1, "paused, it is asked for once");
  q.last().answer();
  await settled();
  b.pass(20000);
  assert.deepEqual([b.line.state().phase, q.asked.length], ["paused", 1]);
});
