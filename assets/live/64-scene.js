/* What one map shows, and of whom: the one object that layer, panel, card and address look at. */
(function (global) {
  "use strict";
  const { format, store: stores, trails, filter: filters, alerted, colouring } = global.waypost;

  /** A scene as an address asks for it (address.read). `env.wallMs()` is the clock. Fields:
      store, ring (trails), filter, colouring; metric: the one that colours, ranges and the list's values are of, and
      factor: what makes its values those that people read (valueOf gives these);
      chosen: Set of slots, selected: the one of them whose card is open, or -1; pasts: Map of slot to steps;
      alerted: who is in alert (24-alerted.js); hovered: slot or -1; shows: switches of what is drawn; overlays: [{id, draw(ctx, view, colours)}] between ground
      and trails; sort, inView: of the list; tiles(), clear(), onDrawn(): set by the page. */
  function create(asked, env) {
    const scene = {
      store: stores.create(),
      ring: trails.create(),
      filter: filters.create(),
      alerted: alerted.create(),
      colouring: colouring.create(),
      metric: asked.metric,
      factor: asked.metric === colouring.SPEED ? format.inUnit("m/s").factor : 1,
      chosen: new Set(),
      selected: -1,
      pasts: new Map(),
      hovered: -1,
      shows: { trails: asked.trails, names: asked.names, glide: asked.glide, density: asked.density, heat: asked.heat },
      overlays: [],
      sort: asked.sort,
      inView: asked.inView,
      tiles: () => false,
      clear: () => ({ left: 0, right: 0, bottom: 0, top: 0 }),
      onDrawn: () => undefined,
      serverMs: () => stores.serverNow(scene.store, env.wallMs()),
      stateOf: (slot) => stores.stateOf(scene.store, slot, scene.serverMs()),
      /** In m/s; that of a silent device is of long ago, so it has none. */
      speedOf: (slot) => (scene.stateOf(slot) === stores.SILENT ? NaN : colouring.valueOf(scene.store, colouring.SPEED, slot)),
      valueOf: (slot) =>
        scene.factor * (scene.metric === colouring.SPEED ? scene.speedOf(slot) : colouring.valueOf(scene.store, scene.metric, slot)),
      /** A function (slot, state) that says who is shown, or null where all are. */
      accepts: () => filters.test(scene.filter, scene.store, scene.valueOf, scene.isOfAlerts() ? scene.isAlerted : null),
      isAlerted: (slot) => alerted.has(scene.alerted, scene.store, slot),
      /** Whether only devices in alert are shown. */
      isOfAlerts: () => scene.filter.alerted && !scene.alerted.isHeld,
    };
    filters.setQuery(scene.filter, asked.query);
    Object.assign(scene.filter, { fleet: asked.fleet, kind: asked.kind, state: asked.state, least: asked.least, most: asked.most, unlocated: asked.unlocated, alerted: asked.alerted });
    setColour(scene, asked.colour);
    return scene;
  }

  /** Colour by "state", "fleet", "kind" or "value": the metric that the scene is about. */
  function setColour(scene, colour) {
    scene.colouring = colour === "value" ? colouring.create(scene.metric, scene.factor) : colouring.create(colour);
    colouring.learn(scene.colouring, scene.store);
  }

  /** What colours say, as in the address. */
  function colourOf(scene) {
    return colouring.isMetric(scene.colouring.by) ? "value" : scene.colouring.by;
  }

  /** Be about another metric: bounds of the old one make no sense for it. */
  function setMetric(scene, metric) {
    if (metric === scene.metric) return;
    scene.metric = metric;
    scene.filter.least = scene.filter.most = null;
    if (colouring.isMetric(scene.colouring.by)) setColour(scene, "value");
  }

  /** Show the values of the metric, which are kept in an SI unit, as people see them; whether that is new. */
  function setUnit(scene, unit) {
    const { factor } = format.inUnit(unit);
    if (factor === scene.factor) return false;
    scene.factor = factor;
    if (colouring.isMetric(scene.colouring.by)) setColour(scene, "value");
    return true;
  }

  /** Names of the chosen devices, that of the selected one first. */
  function namesOf(scene) {
    const others = [...scene.chosen].filter((slot) => slot !== scene.selected);
    return (scene.selected < 0 ? others : [scene.selected, ...others]).map((slot) => scene.store.name[slot]);
  }

  /** Choose these slots and no others; the first is selected. */
  function choose(scene, slots) {
    scene.chosen = new Set(slots);
    scene.selected = slots.length > 0 ? slots[0] : -1;
    refreshIsolation(scene);
  }

  /** Take a slot into the choice, or out of it. */
  function toggle(scene, slot) {
    if (scene.chosen.has(slot)) scene.chosen.delete(slot);
    else scene.chosen.add(slot);
    if (scene.chosen.has(slot)) scene.selected = slot;
    else if (scene.selected === slot) scene.selected = scene.chosen.size > 0 ? [...scene.chosen].pop() : -1;
    refreshIsolation(scene);
  }

  /** Show the chosen devices alone, or all again. Without a choice all are shown. */
  function isolate(scene, on) {
    scene.filter.isolated = on && scene.chosen.size > 0 ? scene.chosen : null;
  }

  function refreshIsolation(scene) {
    if (scene.filter.isolated !== null) isolate(scene, true);
  }

  global.waypost.scene = { create, setColour, colourOf, setMetric, setUnit, namesOf, choose, toggle, isolate };
})(globalThis);
