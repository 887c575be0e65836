/* The connection to the live map: pushed by /api/v1/live, or asked for every few seconds, or paused. `step` is the
   state machine, pure; `open` drives it with a real socket, or with `poll`. */
(function (global) {
  "use strict";
  const { protocol } = global.waypost;
  const QUIET_MS = 2500; // heartbeats come each second: two missing make the picture stale
  const LOST_MS = 5000;
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 5000;
  const LONGEST_ANSWER_MS = 10000; // a socket's first frame may take as long: to give up sooner would give a slow server more to do
  const HIDDEN_MS = 3000; // a tab that is only flipped past keeps its connection
  const TICK_MS = 250;
  const FULL = 1013;
  const REFUSED = [4401, 4403, 401, 403];

  /** Before anything: phase idle. Phases: idle, connecting, live, stale, reconnecting, refused; interval (asked for
      every `everyMs`); paused by the user; hidden, while the tab is not looked at; held, while the page shows the past. */
  function initial() {
    return {
      phase: "idle", mode: "live", everyMs: 5000, attempt: 0, socket: false, asking: false, hidden: false,
      since: 0, heardAt: 0, retryAt: 0, hiddenAt: 0, code: 0,
    };
  }

  /** How long to wait before attempt number `attempt`: 0.5 s doubled each time up to 5 s, the half of it random. */
  function waitMs(attempt, random) {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    return longest / 2 + (longest / 2) * random;
  }

  function lost(state, now, random, code) {
    const wait = code === FULL ? LONGEST_WAIT_MS : waitMs(state.attempt, random);
    return { ...state, phase: "reconnecting", socket: false, asking: false, attempt: state.attempt + 1, retryAt: now + wait, code };
  }

  /** Open or ask, whichever the mode is. */
  function connect(state, now, phase) {
    if (state.mode === "live") return [{ ...state, phase, socket: true, since: now, heardAt: now }, ["open"]];
    return [{ ...state, phase, asking: true, since: now }, ["ask"]];
  }

  function dropped(state) {
    const effects = [...(state.socket ? ["close"] : []), ...(state.asking ? ["abort"] : [])];
    return [{ ...state, socket: false, asking: false }, effects];
  }

  function rest(state, phase) {
    const [quiet, effects] = dropped(state);
    return [{ ...quiet, phase }, effects];
  }

  function setMode(state, event, now) {
    const everyMs = event.everyMs || state.everyMs;
    if (event.mode === state.mode && (event.mode !== "interval" || everyMs === state.everyMs)) return [state, []];
    const [quiet, ended] = dropped({ ...state, mode: event.mode, everyMs, attempt: 0, code: 0 });
    if (state.phase === "held") return [{ ...quiet, phase: "held" }, ended];
    if (event.mode === "paused") return [{ ...quiet, phase: "paused" }, ended];
    if (state.hidden && state.phase === "hidden") return [quiet, ended];
    const [next, begun] = connect(quiet, now, "connecting");
    return [next, [...ended, ...begun]];
  }

  /** Back from the past: the picture is fetched anew, even where it then stands still. */
  function release(state, now) {
    return state.phase === "held" ? connect({ ...state, attempt: 0, code: 0 }, now, "connecting") : [state, []];
  }

  function tick(state, now, random) {
    if (state.phase === "held") return [state, []];
    if (state.hidden && state.phase !== "hidden" && state.mode !== "paused" && state.phase !== "refused" && now - state.hiddenAt > HIDDEN_MS) return rest(state, "hidden");
    if (state.asking) return now - state.since > LONGEST_ANSWER_MS ? [lost(state, now, random, 0), ["abort"]] : [state, []];
    if (state.phase === "reconnecting" && !state.socket) {
      return now >= state.retryAt ? connect(state, now, "reconnecting") : [state, []];
    }
    if (state.phase === "interval") return now >= state.retryAt ? connect(state, now, "interval") : [state, []];
    if (!state.socket) return [state, []];
    const quiet = now - state.heardAt;
    const pictured = state.phase === "live" || state.phase === "stale";
    if (quiet > (pictured ? LOST_MS : LONGEST_ANSWER_MS)) return [lost(state, now, random, 0), ["close"]];
    if (state.phase === "live" && quiet > QUIET_MS) return [{ ...state, phase: "stale" }, []];
    return [state, []];
  }

  function answered(state, now) {
    // From its beginning, but never without a rest: a server slower than the interval must not be asked without end.
    const retryAt = Math.max(state.since + state.everyMs, now + TICK_MS);
    const phase = state.mode === "paused" ? "paused" : "interval";
    return [{ ...state, phase, asking: false, attempt: 0, code: 0, heardAt: now, retryAt }, []];
  }

  function ended(state, event, now, random) {
    if (REFUSED.includes(event.code)) return [{ ...state, phase: "refused", socket: false, asking: false, code: event.code }, []];
    return state.socket || state.asking ? [lost(state, now, random, event.code), []] : [state, []];
  }

  /** The next state and what to do (of "open", "close", "ask", "abort") after an event: start, message, bad, closed,
      answered, failed, mode, hidden, shown, hold, release, moved, tick, online, stop. `random` is in [0, 1). A message with `frame`
      brought data: only that makes the picture live and a reconnection a success. A socket or a question that has been
      given up must send no more events. */
  function step(state, event, now, random) {
    switch (event.type) {
      case "start":
        return state.phase === "idle" ? connect(state, now, "connecting") : [state, []];
      case "message":
        return [event.frame ? { ...state, phase: "live", attempt: 0, heardAt: now, code: 0 } : { ...state, heardAt: now }, []];
      case "bad":
        return [lost(state, now, random, 0), [state.socket ? "close" : "abort"]];
      case "closed":
      case "failed":
        return ended(state, event, now, random);
      case "answered":
        return answered(state, now);
      case "mode":
        return setMode(state, event, now);
      case "hidden":
        return [{ ...state, hidden: true, hiddenAt: state.hidden ? state.hiddenAt : now }, []];
      case "shown":
        return state.phase === "hidden" ? connect({ ...state, hidden: false, attempt: 0 }, now, "connecting") : [{ ...state, hidden: false }, []];
      case "hold":
        return rest(state, "held");
      case "release":
        return release(state, now);
      case "moved":
        return [state.phase === "interval" ? { ...state, retryAt: Math.min(state.retryAt, now) } : state, []];
      case "online":
        return state.phase === "reconnecting" && !state.socket && !state.asking ? connect(state, now, "reconnecting") : [state, []];
      case "tick":
        return tick(state, now, random);
      case "stop": {
        return [initial(), dropped(state)[1]];
      }
      default:
        throw new Error(`unknown event ${event.type}`);
    }
  }

  /** Address of the live socket on the server that this page came from. */
  function liveUrl(location) {
    return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/live`;
  }

  /** Two views with the same key are the same picture. */
  function keyOf(view) {
    const also = view.box ? Array.from(view.also || [], String).sort() : [];
    return JSON.stringify([view.box || null, view.metric || null, also]);
  }

  function echoOf(text) {
    return text.startsWith('{"type":"view"') ? keyOf(JSON.parse(text)) : null;
  }

  /** Keep the picture up to date until `stop()` is called. `onMessage(data)` may throw to refuse: then it reconnects.
      `poll(view, signal)` asks once and resolves when the answer was applied. `asOf()` is the moment of the last frame
      applied, NaN for none: with it a broken connection goes on where it was. `mode` {mode, everyMs} is the first mode
      (with phase "held" nothing is asked for until hold(false)),
      `view` the first view (protocol.encodeView). `env` has WebSocket, now, random, setInterval, clearInterval, so that
      tests bring their own. */
  function open({ url, onMessage, onChange, env, poll, asOf = () => NaN, mode = {}, view = {} }) {
    let state = { ...initial(), ...mode };
    let socket = null;
    let question = null;
    let wanted = view;
    let coming = null; // key of the view whose first frame comes next
    let held = null; // key of the view whose picture the page has

    function drop() {
      if (socket === null) return;
      const old = socket;
      socket = null; // its late events are not ours any more
      old.close();
    }

    function abort() {
      if (question === null) return;
      const old = question;
      question = null;
      old.abort();
    }

    function send(event) {
      const before = state;
      const [next, effects] = step(state, event, env.now(), env.random());
      state = next;
      for (const effect of effects) ({ close: drop, abort, open: dial, ask })[effect]();
      if (state.phase !== before.phase || state.mode !== before.mode) onChange(state);
    }

    function receive(data) {
      try {
        onMessage(data);
        if (typeof data === "string") coming = echoOf(data) || coming;
        else held = coming;
      } catch (error) {
        console.warn(error.message);
        held = null;
        send({ type: "bad" });
        return;
      }
      send({ type: "message", frame: typeof data !== "string" });
    }

    function dial() {
      const moment = asOf();
      const since = held === keyOf(wanted) && Number.isFinite(moment) ? moment : null;
      coming = null;
      const mine = new env.WebSocket(`${url}?view=${encodeURIComponent(protocol.encodeView(wanted, since))}`);
      const asked = wanted;
      socket = mine;
      mine.binaryType = "arraybuffer";
      mine.onopen = () => mine === socket && wanted !== asked && mine.send(protocol.encodeView(wanted));
      mine.onmessage = (event) => mine === socket && receive(event.data);
      mine.onclose = (event) => {
        if (mine !== socket) return;
        socket = null;
        send({ type: "closed", code: event.code });
      };
    }

    async function ask() {
      const mine = new AbortController();
      const asked = wanted;
      question = mine;
      let event = { type: "answered" };
      try {
        await poll(asked, mine.signal);
      } catch (error) {
        event = error instanceof protocol.ProtocolError ? { type: "bad" } : { type: "failed", code: error.status || 0 };
        if (mine === question) console.warn(error.message);
      }
      if (mine !== question) return;
      question = null;
      held = event.type === "answered" ? keyOf(asked) : null;
      send(event);
      if (wanted !== asked) send({ type: "moved" });
    }

    /** Let go while the page shows something else, and fetch the whole picture anew afterwards. */
    function hold(on) {
      held = null;
      send({ type: on ? "hold" : "release" });
    }

    /** Look at another view {box, everyMs, metric, also}: at once where the socket is open, else with the next answer. */
    function setView(next) {
      if (protocol.encodeView(next) === protocol.encodeView(wanted)) return;
      wanted = next;
      if (socket !== null && socket.readyState === 1) socket.send(protocol.encodeView(next));
      send({ type: "moved" });
    }

    const timer = env.setInterval(() => send({ type: "tick" }), TICK_MS);
    if (state.phase === "idle" && state.mode === "paused") state = { ...state, phase: "paused" };
    else send({ type: "start" });
    return {
      state: () => state,
      view: () => wanted,
      online: () => send({ type: "online" }),
      live: () => send({ type: "mode", mode: "live" }),
      interval: (everyMs) => send({ type: "mode", mode: "interval", everyMs }),
      pause: () => send({ type: "mode", mode: "paused" }),
      hidden: (isHidden) => send({ type: isHidden ? "hidden" : "shown" }),
      hold,
      setView,
      stop() {
        env.clearInterval(timer);
        send({ type: "stop" });
      },
    };
  }

  global.waypost = global.waypost || {};
  global.waypost.connection = { initial, waitMs, step, liveUrl, keyOf, open };
})(globalThis);
