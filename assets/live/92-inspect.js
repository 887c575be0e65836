/* What the live map shows, for browser tests, benchmarks and people at the console. */
(function (global) {
  "use strict";
  const { live, store: stores, alerted } = global.waypost;

  /** What the map shows; null when no map is mounted. */
  function state() {
    const session = live.session();
    if (session === null) return null;
    const { scene, surface, line } = session;
    const now = stores.serverNow(scene.store, Date.now());
    const { moving, stopped, silent, unlocated } = scene.store.totals;
    return {
      mode: session.mode.name,
      connection: line.state().phase,
      total: scene.store.total,
      moving,
      stopped,
      silent,
      located: scene.store.total - unlocated,
      held: stores.counts(scene.store, now).by.reduce((sum, one) => sum + one, 0),
      box: session.reception.asked().box,
      visible: surface.stats.visible,
      drawn: surface.stats.drawn,
      drawings: surface.stats.drawings,
      drawMs: surface.stats.lastMs,
      groundMs: surface.stats.ground.lastMs,
      dense: surface.density.shown,
      named: surface.named(),
      alerted: alerted.count(scene.alerted),
      ringed: surface.stats.ringed,
      selected: scene.selected < 0 ? null : scene.store.name[scene.selected],
      chosen: [...scene.chosen].map((slot) => scene.store.name[slot]),
      following: session.isFollowing(),
      only: scene.filter.state === null ? null : stores.STATES[scene.filter.state],
      colour: scene.colouring.by,
      domain: scene.colouring.domain,
      frames: scene.store.frames,
      snapshots: scene.store.snapshots,
      refused: session.refused(),
      paused: scene.store.paused,
      newestAgeMs: stores.newestAgeMs(scene.store, now),
      clockOffsetMs: scene.store.offsetMs,
      movements: scene.ring.end,
      pasts: scene.pasts.size,
    };
  }

  /** Where a device is drawn, in pixels of the browser's window: {x, y}; null when it is not known. */
  function pointOf(name) {
    const session = live.session();
    if (session === null) return null;
    const { scene, surface, map } = session;
    const slot = scene.store.slotOfName.get(name);
    const point = slot === undefined ? null : surface.windowPointOf(slot);
    if (point === null) return null;
    const box = map.getContainer().getBoundingClientRect();
    return { x: box.left + point.x, y: box.top + point.y };
  }

  /** For each delta, newest last: ms from the newest device's timestamp to its arrival here. */
  function latencies() {
    const session = live.session();
    return session === null ? [] : session.latencies.slice();
  }

  Object.assign(live, { state, pointOf, latencies });
})(globalThis);
