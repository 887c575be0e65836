/* How the map is kept new: pushed (live), asked for every few seconds (interval), or not at all (paused). The choice is
   made in the menu of the live indicator (assets/shell/refresh.js); an address may bring another. */
(function (global) {
  "use strict";
  const { connection, poll, store: stores } = global.waypost;
  const PAGE = "live";
  const AT_FIRST = { mode: "live", everyS: 5, paused: false };
  const refresh = () => global.waypost.refresh; // of the shell, which is loaded later

  /** Whether the address asks for the time machine, which then begins instead of what is live. */
  function isInThePast() {
    return global.waypost.timeMachine.read(global.location.search) !== null;
  }

  /** {name, everyS} of a plan {mode, everyS, paused}. */
  function ofPlan(plan) {
    return { name: plan.paused ? "paused" : plan.mode, everyS: plan.everyS };
  }

  /** What an address asks for as the shell takes it: {mode, everyS}, or null where it asks for nothing. */
  function lentBy(asked) {
    const own = {};
    if (asked.mode === "live" || asked.mode === "interval") own.mode = asked.mode;
    if (asked.everyS !== null) own.everyS = asked.everyS;
    return Object.keys(own).length > 0 ? own : null;
  }

  /** How much of an interval is over, 0 to 1, by the state of the line. */
  function partOver(state, now) {
    if (state.phase !== "interval") return 0;
    return Math.max(0, Math.min(1, 1 - (state.retryAt - now) / state.everyMs));
  }

  /** The mode of a page: what the address asks for, or else what its reader or the admin has chosen. */
  function create(asked) {
    const shell = refresh();
    const known = global.waypost.notices.site() !== null;
    if (lentBy(asked) !== null) shell.lend(PAGE, lentBy(asked));
    if (asked.mode === "paused") shell.pause(PAGE, true);
    const plan = shell.of(PAGE);
    return ofPlan(known || plan.isOwn || plan.paused ? plan : AT_FIRST);
  }

  /** The line of a page (90-live.js), and what can be done with it. */
  function lineOf(page, env) {
    const { scene, mode } = page;
    const { store } = scene;
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
      mode: { mode: mode.name, everyMs: mode.everyS * 1000, ...(isInThePast() ? { phase: "held" } : {}) },
      view: page.reception.asked(),
    });
    const ending = new AbortController();

    function follow(event) {
      if (event.detail.page !== PAGE) return;
      Object.assign(mode, ofPlan(event.detail));
      if (mode.name === "live") line.live();
      else if (mode.name === "interval") line.interval(mode.everyS * 1000);
      else line.pause();
      page.showStatus();
      page.remember();
    }

    document.addEventListener("waypost:refresh", follow, { signal: ending.signal });
    return {
      line,
      ask: line.setView,
      togglePause: () => refresh().pause(PAGE, mode.name !== "paused"),
      partOver: (now) => partOver(line.state(), now),
      online: line.online,
      hidden: line.hidden,
      stopLine() {
        ending.abort();
        line.stop();
        refresh().lend(PAGE, null);
      },
    };
  }

  global.waypost.mode = { lentBy, ofPlan, partOver, create, lineOf };
})(globalThis);
