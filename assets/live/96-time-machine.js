/* The time machine: plays a past window on the same map, with the same store and layer, instead of what is live. Its
   moment, speed and window are in the address: t, speed, span. */
(function (global) {
  "use strict";
  const { store: stores, trails, protocol, fixes, player: players, timeline } = global.waypost;
  const go = () => global.waypost.go; // of the shell, which is loaded later
  const TICK_MS = 66;
  const HOUR_MS = 3600e3;
  const SPANS_H = [1, 6, 24, 168];
  const REMEMBER_MS = 2000;
  const STEP_S = 10;
  const BUCKETS = 240;
  const KEYS = {
    " ": { type: "toggle" },
    ",": { type: "move", ms: -STEP_S * 1000 },
    ".": { type: "move", ms: STEP_S * 1000 },
    "[": { type: "shift", parts: -0.5 },
    "]": { type: "shift", parts: 0.5 },
    "<": { type: "faster", by: -1 },
    ">": { type: "faster", by: 1 },
  };
  const byId = (name) => document.getElementById(`live-machine${name}`);

  /** What an address asks of the time machine: {at, speed, spanMs}, or null where it asks for nothing. */
  function read(search) {
    const params = new URLSearchParams(search);
    const at = Date.parse(params.get("t") || "");
    if (Number.isNaN(at)) return null;
    const hours = Number(params.get("span"));
    return { at, speed: Number(params.get("speed")) || 10, spanMs: (SPANS_H.includes(hours) ? hours : 1) * HOUR_MS };
  }

  /** The query part of the address with the state of a player, or without any where it is null. */
  function write(search, state) {
    const params = new URLSearchParams(search);
    for (const key of ["t", "speed", "span"]) params.delete(key);
    if (state !== null) {
      params.set("t", `${new Date(Math.round(state.at / 1000) * 1000).toISOString().slice(0, 19)}Z`);
      params.set("speed", String(state.speed));
      params.set("span", String(Math.round((state.to - state.from) / HOUR_MS)));
    }
    const text = params.toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
    return text ? `?${text}` : "";
  }

  function remember(state) {
    const { location, history } = global;
    const search = write(location.search, state);
    if (search !== location.search) history.replaceState(history.state, "", location.pathname + search + location.hash);
  }

  /** Shows moments of chunks on the map of `page` (90-live.js). */
  function screen(page, env) {
    const { scene } = page;
    let asksNames = false;

    function held() {
      const { store } = scene;
      const ids = [];
      for (let slot = 0; slot < store.count; slot++) if (!Number.isNaN(store.seenAt[slot])) ids.push(store.id[slot]);
      return ids;
    }

    /** Keep the clock of the store at the moment shown. */
    function anchor(at) {
      scene.store.offsetMs = env.wallMs() - at;
    }

    function clear() {
      scene.ring = trails.create();
      scene.store.offsetMs = NaN;
    }

    function show(chunk, at, jumped) {
      const { store } = scene;
      const frame = fixes.frameAt(chunk, at, held(), store);
      const now = env.now();
      if (jumped) clear();
      store.offsetMs = NaN;
      const addTrail = (slot, fromX, fromY, gapMs) => trails.add(scene.ring, slot, fromX, fromY, store.x[slot], store.y[slot], gapMs, now);
      stores.applyFrame(store, frame, now, env.wallMs(), jumped ? null : addTrail);
      anchor(at);
      store.snapshots = Math.max(1, store.snapshots);
      page.onFrame(frame);
      if (jumped) page.surface.redrawAll();
      nameAll(frame);
    }

    /** Ask for names where a device has none: one that is far away has not been heard of. */
    async function nameAll(frame) {
      const { store } = scene;
      const isNamed = (id) => store.slotOfName.has(store.name[store.slotOfId.get(id)]);
      if (asksNames || frame.id.subarray(0, frame.n).every(isNamed)) return;
      asksNames = true; // once: what has no name then has none
      const answer = await env.fetch("/api/v1/live/names", { credentials: "same-origin" });
      if (!answer.ok) return;
      const { hello, devices } = protocol.checkNames(await answer.json());
      stores.applyHello(store, hello);
      stores.applyDevices(store, devices);
    }

    return { show, anchor, clear };
  }

  /** Writes the state to the bar. */
  function bar(page, env) {
    let coverage = null;
    let covered = "";
    let asking = null;

    function set(element, key, value) {
      if (element[key] !== value) element[key] = value;
    }

    function write(state, isReady, hasFailed) {
      const slider = byId("-slider");
      const text = timeline.momentText(state.at, state.to - state.from, env.wallMs());
      set(slider, "min", String(state.from));
      set(slider, "max", String(state.to));
      if (slider.valueAsNumber !== Math.round(state.at)) slider.value = String(Math.round(state.at));
      slider.setAttribute("aria-valuetext", text);
      slider.style.setProperty("--wp-place", String((state.at - state.from) / (state.to - state.from)));
      set(byId("-moment"), "textContent", text);
      set(byId("-from"), "textContent", timeline.momentText(state.from, Infinity, env.wallMs()));
      set(byId("-to"), "textContent", timeline.momentText(state.to, Infinity, env.wallMs()));
      set(byId("-speed"), "value", String(state.speed));
      const hours = String(Math.round((state.to - state.from) / HOUR_MS));
      set(byId("-span"), "value", hours);
      const when = byId("-when");
      if (document.activeElement !== when) set(when, "value", timeline.fieldValue(state.at));
      const play = byId("-play");
      set(play.dataset, "playing", String(state.playing));
      play.setAttribute("aria-label", state.playing ? "Pause" : "Play");
      set(byId("-note"), "textContent", hasFailed ? "The past cannot be read now; it is tried again." : isReady ? "" : "Loading …");
      cover(state);
    }

    function colours() {
      const style = getComputedStyle(document.documentElement);
      const colour = (name) => style.getPropertyValue(`--wp-${name}`).trim();
      return { moving: colour("moving"), stopped: colour("stopped"), event: colour("accent") };
    }

    function draw(state) {
      timeline.draw(byId("-activity"), coverage, state.from, state.to, colours());
    }

    async function cover(state) {
      const window = `from=${new Date(state.from).toISOString()}&to=${new Date(state.to).toISOString()}`;
      if (window === covered) return;
      covered = window;
      if (asking !== null) asking.abort();
      const mine = (asking = new AbortController());
      try {
        const answer = await env.fetch(`/api/v1/playback/coverage?${window}&points=${BUCKETS}`, { signal: mine.signal, credentials: "same-origin" });
        if (!answer.ok || asking !== mine) return;
        coverage = await answer.json();
        draw(state);
      } catch (error) {
        if (!mine.signal.aborted) console.warn(error.message);
      }
    }

    return {
      write,
      draw,
      events: () => (coverage === null ? [] : coverage.events),
      forget() {
        if (asking !== null) asking.abort();
        covered = "";
        coverage = null;
      },
    };
  }

  /** The part of the bar that only a browser can make: the slider and the field for a moment. */
  function furnish() {
    if (byId("-slider") !== null) return;
    const input = (id, type, label, holder) => {
      const made = document.createElement("input");
      Object.assign(made, { id: `live-machine${id}`, type, className: `wp-machine${id}` });
      made.setAttribute("aria-label", label);
      byId(holder).append(made);
    };
    input("-slider", "range", "Moment that the map shows", "-strip");
    byId("-slider").step = "1000";
    input("-when", "datetime-local", "Go to a day and time", "-goto");
  }

  /** The time machine of a page (90-live.js): scene, surface, line, onFrame, wanted, reception. */
  function create(page, env) {
    const listening = new AbortController();
    const shows = screen(page, env);
    const writes = bar(page, env);
    let player = null;
    let timer = 0;
    let rememberedAt = -Infinity;

    function changed(state, isReady, hasFailed) {
      writes.write(state, isReady, hasFailed);
      if (!state.playing || env.now() - rememberedAt > REMEMBER_MS) {
        rememberedAt = env.now();
        remember(state);
      }
    }

    function tick() {
      if (document.hidden) return;
      player.tick();
      if (!player.state().playing) shows.anchor(player.state().at);
    }

    function unfold(on) {
      byId("").toggleAttribute("data-open", on);
      byId("-body").hidden = !on;
      byId("-toggle").setAttribute("aria-expanded", String(on));
      document.getElementById("live-page").toggleAttribute("data-past", on);
    }

    function open(asked) {
      if (player !== null || byId("") === null) return;
      furnish();
      unfold(true);
      page.line.hold(true);
      const spanMs = asked === null ? HOUR_MS : asked.spanMs;
      const start = players.initial(env.wallMs(), spanMs, asked || {});
      player = players.create({ env, start, box: () => page.reception.asked().box, show: shows.show, changed });
      player.send({ type: "seek", at: start.at });
      timer = env.setInterval(tick, TICK_MS);
      page.showStatus();
    }

    function close() {
      if (player === null) return;
      env.clearInterval(timer);
      player.stop();
      player = null;
      writes.forget();
      shows.clear();
      unfold(false);
      remember(null);
      page.line.hold(false);
      page.showStatus();
    }

    function toggle() {
      if (player === null) open(null);
      else close();
    }

    function jump(by) {
      const found = timeline.eventFrom(writes.events(), player.state().at, by);
      if (found === null) {
        byId("-note").textContent = by > 0 ? "No later event in this window." : "No earlier event in this window.";
        return;
      }
      player.send({ type: "seek", at: found.at });
      page.wanted = [found.device_id];
      byId("-note").textContent = `${found.type} · ${found.device_id}`;
    }

    function setSpan(hours) {
      const { at } = player.state();
      const to = Math.min(env.wallMs(), at + (hours * HOUR_MS) / 2);
      player.send({ type: "window", from: to - hours * HOUR_MS, to });
    }

    function goTo(text) {
      const at = Date.parse(text); // without a zone: where the viewer is
      const { from, to } = player.state();
      if (Number.isNaN(at) || at > env.wallMs()) return;
      const half = (to - from) / 2;
      const end = Math.min(env.wallMs(), at + half);
      player.send({ type: "window", from: end - 2 * half, to: end });
      player.send({ type: "seek", at });
    }

    function onClick(event) {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      const does = button === null ? undefined : {
        "live-machine-toggle": toggle,
        "live-machine-close": close,
        "live-machine-play": () => player.send({ type: "toggle" }),
        "live-machine-earlier": () => jump(-1),
        "live-machine-later": () => jump(1),
      }[button.id];
      if (does !== undefined) does();
    }

    function onChange(event) {
      if (player === null) return;
      const { id, value } = event.target;
      if (id === "live-machine-slider") player.send({ type: "seek", at: Number(value) });
      if (event.type !== "change") return;
      if (id === "live-machine-speed") player.send({ type: "speed", speed: Number(value) });
      if (id === "live-machine-span") setSpan(Number(value));
      if (id === "live-machine-when") goTo(value);
    }

    /** Keys of the time machine, before those of the map: space plays here. */
    function onKey(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { target } = event;
      const onSlider = target instanceof HTMLInputElement && target.type === "range";
      const typing = !onSlider && go().isTyping(target);
      const pressing = event.key === " " && target instanceof Element && target.closest("button, a, select") !== null;
      if (typing || pressing) return;
      const act = actFor(event.key);
      if (act === null) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    }

    function actFor(key) {
      if (key === "b") return toggle;
      if (player === null) return null;
      if (key === "e" || key === "E") return () => jump(key === "e" ? 1 : -1);
      return Object.hasOwn(KEYS, key) ? () => player.send(KEYS[key]) : null;
    }

    const { signal } = listening;
    document.addEventListener("click", onClick, { signal });
    document.addEventListener("input", onChange, { signal });
    document.addEventListener("change", onChange, { signal });
    document.addEventListener("keydown", onKey, { signal, capture: true });
    const resized = new ResizeObserver(() => player !== null && writes.draw(player.state()));
    if (byId("-activity") !== null) resized.observe(byId("-activity"));
    const theme = new MutationObserver(() => player !== null && writes.draw(player.state()));
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });

    return {
      toggle,
      begin() {
        const asked = read(global.location.search);
        if (asked !== null) open(asked);
      },
      isOn: () => player !== null,
      state: () => (player === null ? null : player.state()),
      detach() {
        listening.abort();
        resized.disconnect();
        theme.disconnect();
        if (player === null) return;
        env.clearInterval(timer);
        player.stop();
        player = null;
      },
    };
  }

  global.waypost.timeMachine = { KEYS, read, write, create };
})(globalThis);
