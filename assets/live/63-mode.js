/* How the map is kept new: pushed (live), asked for every few seconds (interval), or not at all (paused). */
(function (global) {
  "use strict";
  const { connection, poll, store: stores } = global.waypost;
  const MODES = ["live", "interval", "paused"];
  const MOST_S = 3600;

  /** The mode in the beginning. `asked` has mode and everyS of the address, or null; `site` {mode, everyS, floorS} is
      what the admin has set. No interval is shorter than the floor. `chosen` and `chosenS` are null while they are the
      site's. */
  function create(asked, site) {
    const mode = { name: site.mode, everyS: site.everyS, chosen: null, chosenS: null, site };
    if (asked.everyS !== null) setEvery(mode, asked.everyS);
    if (asked.mode !== null) setName(mode, asked.mode);
    return mode;
  }

  function setName(mode, name) {
    if (!MODES.includes(name)) return;
    mode.name = name;
    mode.chosen = name === mode.site.mode ? null : name;
  }

  /** An interval in seconds, brought above the floor; what is no number is the site's. */
  function setEvery(mode, seconds) {
    const usable = seconds !== null && Number.isFinite(seconds) && seconds > 0;
    mode.everyS = Math.min(MOST_S, Math.max(mode.site.floorS, usable ? seconds : mode.site.everyS));
    mode.chosenS = mode.everyS === mode.site.everyS ? null : mode.everyS;
  }

  /** The admin has set something else: whoever has chosen for himself keeps it, above the floor. */
  function setSite(mode, site) {
    mode.site = site;
    setEvery(mode, mode.chosenS);
    setName(mode, mode.chosen === null ? site.mode : mode.chosen);
  }

  /** What the site says, as the page has it in its attributes. */
  function siteOf(page) {
    const said = page === null ? {} : page.dataset;
    return { mode: said.mode || "live", everyS: Number(said.every) || 5, floorS: Number(said.floor) || 1 };
  }

  /** How much of an interval is over, 0 to 1, by the state of the line. */
  function partOver(state, now) {
    if (state.phase !== "interval") return 0;
    return Math.max(0, Math.min(1, 1 - (state.retryAt - now) / state.everyMs));
  }

  /** The line of a page (90-live.js), and what can be done with it. */
  function lineOf(page, env) {
    const { scene, mode } = page;
    const { store } = scene;
    let before = "live"; // what a pause is ended with
    const line = connection.open({
      url: connection.liveUrl(global.location),
      onMessage: page.reception.onMessage,
      onChange: () => queueMicrotask(page.showStatus),
      env,
      poll: poll.create({
        fetch: env.fetch,
        isNamed: (id) => store.slotOfId.has(id) && store.slotOfName.has(store.name[store.slotOfId.get(id)]),
        onHello: (hello) => stores.applyHello(store, hello),
        onDevices: (devices) => stores.applyDevices(store, devices),
        onFrame: page.reception.onMessage,
      }),
      asOf: () => store.asOf,
      mode: { mode: mode.name, everyMs: mode.everyS * 1000 },
      view: page.reception.asked(),
    });

    function apply() {
      if (mode.name === "live") line.live();
      else if (mode.name === "interval") line.interval(mode.everyS * 1000);
      else line.pause();
      page.showStatus();
      page.remember();
    }

    function setMode(name) {
      if (name === "paused" && mode.name !== "paused") before = mode.name;
      setName(mode, name);
      global.waypost.menus.closeAll();
      apply();
    }

    return {
      line,
      ask: line.setView,
      setMode,
      setEvery(seconds) {
        setEvery(mode, seconds);
        setName(mode, "interval");
        apply();
      },
      setSite(site) {
        setSite(mode, site);
        apply();
      },
      togglePause: () => setMode(mode.name === "paused" ? before : "paused"),
      partOver: (now) => partOver(line.state(), now),
      online: line.online,
      hidden: line.hidden,
      stopLine: line.stop,
    };
  }

  global.waypost.mode = { create, setEvery, setName, setSite, siteOf, partOver, lineOf };
})(globalThis);
