/* The connection to /api/v1/live. `step` is the state machine, pure; `open` drives it with a real socket. */
(function (global) {
  "use strict";
  const QUIET_MS = 2500; // heartbeats come each second: two missing make the picture stale
  const LOST_MS = 5000;
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 5000;
  const TICK_MS = 250;
  const FULL = 1013;
  const REFUSED = [4401, 4403];

  /** Before anything: phase idle. Phases: idle, connecting, live, stale, reconnecting, refused. */
  function initial() {
    return { phase: "idle", attempt: 0, socket: false, since: 0, heardAt: 0, retryAt: 0, code: 0 };
  }

  /** How long to wait before attempt number `attempt`: 0.5 s doubled each time up to 5 s, the half of it random. */
  function waitMs(attempt, random) {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    return longest / 2 + (longest / 2) * random;
  }

  function lost(state, now, random, code) {
    const wait = code === FULL ? LONGEST_WAIT_MS : waitMs(state.attempt, random);
    return { ...state, phase: "reconnecting", socket: false, attempt: state.attempt + 1, retryAt: now + wait, code };
  }

  function connect(state, now, phase) {
    return [{ ...state, phase, socket: true, since: now, heardAt: now }, "open"];
  }

  function tick(state, now, random) {
    const quiet = now - state.heardAt;
    if (state.phase === "reconnecting" && !state.socket) {
      return now >= state.retryAt ? connect(state, now, "reconnecting") : [state, null];
    }
    if (!state.socket) return [state, null];
    if (quiet > LOST_MS) return [lost(state, now, random, 0), "close"];
    if (state.phase === "live" && quiet > QUIET_MS) return [{ ...state, phase: "stale" }, null];
    return [state, null];
  }

  /** The next state and what to do ("open", "close" or null) after an event: start, message, bad, closed, tick,
      online, stop. `random` is in [0, 1). A message with `frame` brought data: only that makes the picture live and
      a reconnection a success. A socket that has been given up must send no more events. */
  function step(state, event, now, random) {
    switch (event.type) {
      case "start":
        return state.phase === "idle" ? connect(state, now, "connecting") : [state, null];
      case "message":
        return [event.frame ? { ...state, phase: "live", attempt: 0, heardAt: now, code: 0 } : { ...state, heardAt: now }, null];
      case "bad":
        return [lost(state, now, random, 0), "close"];
      case "closed":
        if (REFUSED.includes(event.code)) return [{ ...state, phase: "refused", socket: false, code: event.code }, null];
        return state.socket ? [lost(state, now, random, event.code), null] : [state, null];
      case "online":
        return state.phase === "reconnecting" && !state.socket ? connect(state, now, "reconnecting") : [state, null];
      case "tick":
        return tick(state, now, random);
      case "stop":
        return [initial(), state.socket ? "close" : null];
      default:
        throw new Error(`unknown event ${event.type}`);
    }
  }

  /** Address of the live socket on the server that this page came from. */
  function liveUrl(location) {
    return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/live`;
  }

  /** Keep a connection until `stop()` is called. `onMessage(data)` may throw to refuse: then it reconnects.
      `env` has WebSocket, now, random, setInterval, clearInterval, so that tests bring their own. */
  function open({ url, onMessage, onChange, env }) {
    let state = initial();
    let socket = null;

    function drop() {
      if (socket === null) return;
      const old = socket;
      socket = null; // its late events are not ours any more
      old.close();
    }

    function send(event) {
      const before = state.phase;
      const [next, effect] = step(state, event, env.now(), env.random());
      state = next;
      if (effect === "close") drop();
      if (effect === "open") dial();
      if (state.phase !== before) onChange(state);
    }

    function receive(data) {
      try {
        onMessage(data);
      } catch (error) {
        console.warn(error.message);
        send({ type: "bad" });
        return;
      }
      send({ type: "message", frame: typeof data !== "string" });
    }

    function dial() {
      const mine = new env.WebSocket(url);
      socket = mine;
      mine.binaryType = "arraybuffer";
      mine.onmessage = (event) => mine === socket && receive(event.data);
      mine.onclose = (event) => {
        if (mine !== socket) return;
        socket = null;
        send({ type: "closed", code: event.code });
      };
    }

    const timer = env.setInterval(() => send({ type: "tick" }), TICK_MS);
    send({ type: "start" });
    return {
      state: () => state,
      online: () => send({ type: "online" }),
      stop() {
        env.clearInterval(timer);
        send({ type: "stop" });
      },
    };
  }

  global.waypost = global.waypost || {};
  global.waypost.connection = { initial, waitMs, step, liveUrl, open };
})(globalThis);
