/* The screen of the time machine: the map itself, which shows moments of the past instead of what is live. */
(function (global) {
  "use strict";
  const { store: stores, trails, protocol, fixes } = global.waypost;

  /** Shows moments of chunks (93-fixes.js) on the map of `page` (90-live.js). */
  function create(page, env) {
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

  global.waypost.machineScreen = { create };
})(globalThis);
