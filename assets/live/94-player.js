/* The player of the time machine: which moment is shown, how fast it moves on, and which chunks it needs for that.
   `step` and `chunkFor` are pure; `create` drives them with a clock and a server. */
(function (global) {
  "use strict";
  const { fixes } = global.waypost;
  const SPEEDS = [1, 2, 5, 10, 20, 50, 100];
  const CHUNK_S = 30; // a chunk lasts so long on the clock of the viewer
  const SHORTEST_MS = 60e3;
  const LONGEST_MS = 6 * 3600e3;
  const AHEAD = 0.5; // the next chunk is asked for when so much of this one is left
  const KEPT = 6;
  const RETRY_MS = 2000;
  const RENEW_MS = 5000;
  const LONGEST_TICK_MS = 1000; // a tab that slept does not leap

  /** Before anything: at the end of a window of `spanMs` that ends at `end` (ms since 1970). */
  function initial(end, spanMs, { at = null, speed = 10 } = {}) {
    const moment = at === null ? end - spanMs / 6 : at;
    const from = moment < end - spanMs || moment > end ? moment - spanMs / 2 : end - spanMs;
    return { from, to: from + spanMs, at: moment, speed: SPEEDS.includes(speed) ? speed : 10, playing: false };
  }

  const within = (state, at) => Math.max(state.from, Math.min(state.to, at));

  /** The next state after an event: play, pause, toggle, seek {at}, move {ms}, speed {speed}, faster {by},
      window {from, to}, shift {parts}, tick {ms} (on the clock of the viewer, with `ready` whether the chunk is there).
      `latest` is the moment beyond which there is no past yet. */
  function step(state, event, latest) {
    switch (event.type) {
      case "play":
        return { ...state, playing: true, at: state.at >= Math.min(state.to, latest) ? state.from : state.at };
      case "pause":
        return { ...state, playing: false };
      case "toggle":
        return step(state, { type: state.playing ? "pause" : "play" }, latest);
      case "seek":
        return { ...state, at: Math.min(latest, within(state, event.at)) };
      case "move":
        return step({ ...state, playing: false }, { type: "seek", at: state.at + event.ms }, latest);
      case "speed":
        return SPEEDS.includes(event.speed) ? { ...state, speed: event.speed } : state;
      case "faster": {
        const next = SPEEDS.indexOf(state.speed) + event.by;
        return { ...state, speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, next))] };
      }
      case "window": {
        const moved = { ...state, from: event.from, to: event.to };
        return { ...moved, at: Math.min(latest, within(moved, state.at)) };
      }
      case "shift": {
        const way = (state.to - state.from) * event.parts;
        const most = Math.max(0, latest - state.to);
        const by = Math.min(way, most);
        return { ...state, from: state.from + by, to: state.to + by, at: Math.min(latest, state.at + by) };
      }
      case "tick": {
        if (!state.playing || !event.ready) return state;
        const end = Math.min(state.to, latest);
        const at = state.at + Math.min(LONGEST_TICK_MS, event.ms) * state.speed;
        return at >= end ? { ...state, at: end, playing: false } : { ...state, at };
      }
      default:
        throw new Error(`unknown event ${event.type}`);
    }
  }

  /** The chunk that holds a moment at a speed, {from, to, stepS}: chunks of one speed never overlap. A step is at most a
      tenth of a second on the clock of the viewer. */
  function chunkFor(at, speed) {
    const length = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, CHUNK_S * 1000 * speed));
    const from = Math.floor(at / length) * length;
    return { from, to: from + length, stepS: Math.max(1, Math.floor(speed / 10)) };
  }

  function pathOf(chunk, box) {
    const iso = (ms) => new Date(ms).toISOString();
    const where = box === null ? "" : `&bbox=${box.join(",")}`;
    return `/api/v1/playback?from=${iso(chunk.from)}&to=${iso(chunk.to)}&step_s=${chunk.stepS}${where}`;
  }

  /** Chunks from the server, the last few kept. `changed()` hears of each that came or failed. One that reaches beyond
      the clock is asked for again as the clock moves on. */
  function createChunks({ fetch, now, wallMs, box, changed }) {
    const kept = new Map(); // path to {chunk, asking, failedAt, knownTo}
    let failed = false;

    async function load(path, signal) {
      const answer = await fetch(path, { signal, credentials: "same-origin" });
      if (!answer.ok) throw new Error(`the past was asked for and answered with ${answer.status}`);
      return fixes.decode(await answer.arrayBuffer());
    }

    async function ask(path, entry) {
      const asking = new AbortController();
      const knownTo = wallMs();
      Object.assign(entry, { asking, failedAt: NaN });
      try {
        const chunk = await load(path, asking.signal);
        Object.assign(entry, { chunk, knownTo, asking: null });
        failed = false;
      } catch (error) {
        if (asking.signal.aborted) return;
        console.warn(error.message);
        Object.assign(entry, { failedAt: now(), asking: null });
        failed = true;
      }
      changed();
    }

    function isDue(entry, wanted, at) {
      if (entry.asking !== null || now() - entry.failedAt < RETRY_MS) return false;
      if (entry.chunk === null) return true;
      return wanted.to > entry.knownTo && at > entry.knownTo - RENEW_MS && wallMs() - entry.knownTo > RENEW_MS;
    }

    /** The chunk for a moment, or null; it is asked for where that is due. */
    function get(wanted, at) {
      const path = pathOf(wanted, box());
      const entry = kept.get(path) || { chunk: null, asking: null, failedAt: NaN, knownTo: NaN };
      kept.delete(path); // the last used stand last
      kept.set(path, entry);
      if (isDue(entry, wanted, at)) ask(path, entry);
      return entry.chunk;
    }

    function tidy() {
      for (const [path, entry] of kept) {
        if (kept.size <= KEPT) return;
        if (entry.asking !== null) entry.asking.abort();
        kept.delete(path);
      }
    }

    function forget() {
      for (const entry of kept.values()) if (entry.asking !== null) entry.asking.abort();
      kept.clear();
    }

    return { get, tidy, forget, hasFailed: () => failed };
  }

  /** A player. `env` has fetch, now (ms, monotonic) and wallMs; `box()` the part of the world to ask for, or null;
      `show(chunk, at, jumped)` draws a moment; `changed(state)` hears of every new state. */
  function create({ env, start, box, show, changed }) {
    let state = start;
    let shown = NaN;
    let lastTick = NaN;
    const chunks = createChunks({ fetch: env.fetch, now: env.now, wallMs: env.wallMs, box, changed: () => draw(false) });
    const latest = () => env.wallMs();

    function draw(jumped) {
      const chunk = chunks.get(chunkFor(state.at, state.speed), state.at);
      if (chunk !== null) {
        show(chunk, state.at, jumped || Number.isNaN(shown));
        shown = state.at;
      }
      changed(state, chunk !== null, chunks.hasFailed());
      return chunk !== null;
    }

    function prefetch() {
      const here = chunkFor(state.at, state.speed);
      if (state.playing && here.to < Math.min(state.to, latest()) && here.to - state.at < (here.to - here.from) * AHEAD) {
        chunks.get({ ...here, from: here.to, to: 2 * here.to - here.from }, here.to);
      }
      chunks.tidy();
    }

    /** Do what a button, a key or the slider says. */
    function send(event) {
      state = step(state, event, latest());
      draw(event.type !== "pause" && event.type !== "speed" && event.type !== "faster");
    }

    /** Move on; called ten to sixty times a second. */
    function tick() {
      const now = env.now();
      const ms = Number.isNaN(lastTick) ? 0 : now - lastTick;
      lastTick = now;
      if (!state.playing) return;
      const ready = chunks.get(chunkFor(state.at, state.speed), state.at) !== null;
      state = step(state, { type: "tick", ms, ready }, latest());
      draw(false);
      prefetch();
    }

    return { state: () => state, send, tick, redraw: () => draw(false), stop: chunks.forget };
  }

  global.waypost.player = { SPEEDS, initial, step, chunkFor, create };
})(globalThis);
