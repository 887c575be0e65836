/* The bar of the time machine: the slider with its strip, the moment, speed and window, and what there is to say. */
(function (global) {
  "use strict";
  const { timeline } = global.waypost;
  const HOUR_MS = 3600e3;
  const BUCKETS = 240; // of the strip
  const byId = (name) => document.getElementById(`live-machine${name}`);

  /** Writes the state of a player to the bar, and asks for what its strip shows. */
  function create(env) {
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

  global.waypost.machineBar = { byId, create, furnish };
})(globalThis);
