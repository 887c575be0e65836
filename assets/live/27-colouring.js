/* What the colour of a device says: its state, its fleet or kind, or the value of a metric. */
(function (global) {
  "use strict";
  const { protocol, scale } = global.waypost;
  const BY_STATE = "state";
  const GROUPS = ["fleet", "kind"];
  const SAMPLE = 4000; // devices that the domain is taken from
  const SPEED = "speed";

  /** Value of a metric of a slot as it is kept (SI), NaN where there is none. Speed is in every frame; another metric must
      be the one that the frames bring (store.value). */
  function valueOf(store, metric, slot) {
    if (metric !== SPEED) return store.value[slot];
    return store.speed[slot] === protocol.UNKNOWN ? NaN : store.speed[slot] / 100;
  }

  /** Colouring by "state", "fleet", "kind" or the name of a metric; `factor` makes its values those that people read. */
  function create(by = BY_STATE, factor = 1) {
    return { by, factor, domain: null, categories: scale.createCategories() };
  }

  function isMetric(by) {
    return by !== BY_STATE && !GROUPS.includes(by);
  }

  /** The metric that the colours need, or null. */
  function metricOf(colouring) {
    return isMetric(colouring.by) ? colouring.by : null;
  }

  /** Look at the devices again: what values there are, which groups. Returns whether colours have changed. */
  function learn(colouring, store) {
    if (colouring.by === BY_STATE) return false;
    if (GROUPS.includes(colouring.by)) return learnGroups(colouring, store);
    const values = [];
    const stride = Math.max(1, Math.floor(store.count / SAMPLE));
    for (let slot = 0; slot < store.count; slot += stride) {
      if (Number.isNaN(store.seenAt[slot])) continue;
      const value = valueOf(store, colouring.by, slot) * colouring.factor;
      if (Number.isFinite(value)) values.push(value);
    }
    const before = colouring.domain;
    colouring.domain = scale.settle(before, scale.domainOf(values));
    return colouring.domain !== before;
  }

  function learnGroups(colouring, store) {
    const counts = new Map();
    const names = store[colouring.by];
    for (let slot = 0; slot < store.count; slot++) {
      if (!Number.isNaN(store.seenAt[slot])) counts.set(names[slot], (counts.get(names[slot]) || 0) + 1);
    }
    const before = colouring.categories.numbers.size;
    colouring.categories.learn(counts);
    return colouring.categories.numbers.size !== before;
  }

  /** A function that gives the row of the sprite sheet for a slot (see `rowsOf`); null by state. */
  function rowOf(colouring, store) {
    if (colouring.by === BY_STATE) return null;
    if (GROUPS.includes(colouring.by)) return (slot) => colouring.categories.of(store[colouring.by][slot]);
    const { by, domain, factor } = colouring;
    if (domain === null) return () => scale.STEPS;
    return (slot) => {
      const value = valueOf(store, by, slot) * factor;
      return Number.isNaN(value) ? scale.STEPS : scale.stepOf(value, domain);
    };
  }

  /** Colours of the rows of the sprite sheet, as {moving, stopped}; the last is that of what has no value or group. */
  function rowsOf(colouring, colours) {
    if (colouring.by === BY_STATE) return [{ moving: colours.moving, stopped: colours.stopped }];
    const own = isMetric(colouring.by) ? scale.rampOf(colours.ramp, scale.STEPS) : colours.categories;
    return [...own, colours.nothing].map((colour) => ({ moving: colour, stopped: colour }));
  }

  global.waypost.colouring = { BY_STATE, SPEED, GROUPS, valueOf, create, isMetric, metricOf, learn, rowOf, rowsOf };
})(globalThis);
