/* The bar of the time machine: the slider with its strip, the moment, speed and window, and what there is to say. */
(function (global) {
  "use strict";
  const { timeline } = global.waypost;
  const HOUR_MS = 3600e3;
  const BUCKETS = 240; // of the strip
  const RETRY_MS = 5000;
  const SAID_MS = 4000; // so long, on the clock of the viewer, what was said stays once it plays on
  const byId = (name) => document.getElementById(`live-machine${name}`);

  /** What stands in the bar: what is wrong or awaited, else what was said of a moment, {text, at}, as long as the player
      is about there. Said alone would be wiped away by the next chunk that arrives. */
  function noteOf(state, isReady, hasFailed, said) {
    if (hasFailed) return "The past cannot be read now; it is tried again.";
    if (!isReady) return "Loading …";
    return said !== null && Math.abs(state.at - said.at) <= SAID_MS * state.speed ? said.text : "";
  }

  /** Writes the state of a player to the bar, and asks for what its strip shows. */
  function create(env) {
    let coverage = null;
    let asked = { window: "", again: 0 }; // again: when (env.now) it may be asked for once more
    let read = ""; // the window that `coverage` is of
    let asking = null;
    let said = null;

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
      set(byId("-note"), "textContent", noteOf(state, isReady, hasFailed, said));
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
      if (window === asked.window && (window === read || env.now() < asked.again)) return;
      if (asking !== null) asking.abort();
      asked = { window, again: Infinity };
      if (window === read) return; // back before another one has come
      const mine = (asking = new AbortController());
      try {
        const answer = await env.fetch(`/api/v1/playback/coverage?${window}&points=${BUCKETS}`, { signal: mine.signal, credentials: "same-origin" });
        if (asking !== mine) return;
        if (!answer.ok) throw new Error(`what moved in this window: answer ${answer.status}`);
        coverage = await answer.json();
        read = window;
        draw(state);
      } catch (error) {
        if (mine.signal.aborted) return;
        console.warn(error.message);
        asked.again = env.now() + RETRY_MS;
      }
    }

    return {
      write,
      draw,
      /** Say something of a moment. */
      say(text, at) {
        said = { text, at };
        set(byId("-note"), "textContent", text);
      },
      /** The events of the window; null while they are being read. */
      events: () => (read === "" || read !== asked.window ? null : coverage.events),
      forget() {
        if (asking !== null) asking.abort();
        asked = { window: "", again: 0 };
        read = "";
        coverage = said = null;
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

  global.waypost.machineBar = { byId, noteOf, create, furnish };
})(globalThis);
