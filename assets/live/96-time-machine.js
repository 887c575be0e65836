/* The time machine: plays a past window on the same map, with the same store and layer, instead of what is live. Its
   moment, speed and window are in the address: t, speed, span. */
(function (global) {
  "use strict";
  const { machineBar, machineScreen, player: players, timeline } = global.waypost;
  const { byId } = machineBar;
  const go = () => global.waypost.go; // of the shell, which is loaded later
  const TICK_MS = 66;
  const HOUR_MS = 3600e3;
  const SPANS_H = [1, 6, 24, 168];
  const REMEMBER_MS = 2000;
  const STEP_S = 10;
  const KEYS = {
    " ": { type: "toggle" },
    ",": { type: "move", ms: -STEP_S * 1000 },
    ".": { type: "move", ms: STEP_S * 1000 },
    "[": { type: "shift", parts: -0.5 },
    "]": { type: "shift", parts: 0.5 },
    "<": { type: "faster", by: -1 },
    ">": { type: "faster", by: 1 },
  };

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

  /** The time machine of a page (90-live.js): scene, surface, line, onFrame, wanted, reception, alerting. */
  function create(page, env) {
    const listening = new AbortController();
    const shows = machineScreen.create(page, env);
    const writes = machineBar.create(env);
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
      machineBar.furnish();
      unfold(true);
      page.line.hold(true);
      page.alerting.hold(true);
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
      page.alerting.hold(false);
      page.showStatus();
    }

    function toggle() {
      if (player === null) open(null);
      else close();
    }

    function jump(by) {
      const { at } = player.state();
      const events = writes.events();
      if (events === null) {
        writes.say("The events of this window are being read.", at);
        return;
      }
      const found = timeline.eventFrom(events, at, by);
      if (found === null) {
        writes.say(by > 0 ? "No later event in this window." : "No earlier event in this window.", at);
        return;
      }
      player.send({ type: "seek", at: found.at });
      page.wanted = [found.device_id];
      writes.say(`${found.type} · ${found.device_id}`, found.at);
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
