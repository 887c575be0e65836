import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { connection } = load("60");

/** A connection with a clock and sockets of its own. */
function bench({ refuse = () => false } = {}) {
  const sockets = [];
  const phases = [];
  let now = 0;
  let tick = null;
  class Socket {
    constructor(url) {
      this.url = url;
      this.closed = false;
      sockets.push(this);
    }
    close() {
      this.closed = true;
    }
  }
  const line = connection.open({
    url: "ws://waypost/api/v1/live",
    onMessage: (data) => { if (refuse(data)) throw new Error("refused"); },
    onChange: (state) => phases.push(state.phase),
    env: { WebSocket: Socket, now: () => now, random: () => 0.5, setInterval: (run) => { tick = run; return 1; }, clearInterval: () => { tick = null; } },
  });
  const last = () => sockets[sockets.length - 1];
  return {
    line, sockets, phases, last,
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

test("a socket that never opens is given up after 5 s", () => {
  const b = bench();
  b.pass(5100);
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
