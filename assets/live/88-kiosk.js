/* A wall screen (?kiosk=1): nothing but the map, a clock and counts. The screen is kept awake where the browser lets us. */
(function (global) {
  "use strict";
  const { list } = global.waypost;

  /** Begin; returns what ends it. `date()` gives the time. */
  function start(date) {
    const root = document.documentElement;
    root.setAttribute("data-kiosk", "");
    global.dispatchEvent(new Event("resize")); // the map is larger now
    let lock = null;
    let ended = false;

    async function stayAwake() {
      if (global.navigator.wakeLock === undefined || document.hidden || ended) return;
      try {
        lock = await global.navigator.wakeLock.request("screen");
      } catch {
        // The browser or the battery does not want it: the system decides when to sleep.
      }
    }

    function tick() {
      const now = date();
      list.setText(document.getElementById("live-kiosk-clock"), now.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }));
      list.setText(document.getElementById("live-kiosk-date"), now.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" }));
    }

    const timer = global.setInterval(tick, 1000);
    document.addEventListener("visibilitychange", stayAwake);
    tick();
    stayAwake();
    return function stop() {
      ended = true;
      global.clearInterval(timer);
      document.removeEventListener("visibilitychange", stayAwake);
      if (lock !== null) lock.release();
      root.removeAttribute("data-kiosk");
      global.dispatchEvent(new Event("resize"));
    };
  }

  global.waypost.kiosk = { start };
})(globalThis);
