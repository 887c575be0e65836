/* The devices as columns: typed arrays that double when full. A device keeps its slot for good. */
(function (global) {
  "use strict";
  const { projection, protocol } = global.waypost;
  const MOVING = 0;
  const STOPPED = 1;
  const SILENT = 2;
  const STATES = ["moving", "stopped", "silent"];
  const FIRST_CAPACITY = 256;
  const GLIDE_MOST_MS = 1200;
  const GLIDE_FARTHEST = 0.05; // world units, about 8 km: a jump that far is a correction and not a journey
  const COLUMNS = {
    id: Uint32Array,
    x: Float64Array, // world place; NaN: never located
    y: Float64Array,
    fromX: Float64Array, // where the glide to (x, y) began
    fromY: Float64Array,
    glideStart: Float64Array, // on the clock of the caller (performance.now)
    glideMs: Float32Array,
    changedAt: Float64Array,
    lat: Int32Array,
    lon: Int32Array,
    seenAt: Float64Array, // ms since 1970 by the server's clock; NaN: not heard of yet
    speed: Uint16Array,
    heading: Uint16Array,
    value: Float32Array, // of the metric that the viewer asked for; NaN: none
  };

  /** An empty store. */
  function create() {
    const store = {
      count: 0,
      capacity: FIRST_CAPACITY,
      slotOfId: new Map(),
      slotOfName: new Map(),
      name: [],
      label: [],
      kind: [],
      fleet: [],
      search: [], // name and label in lower case
      stoppedBelow: 50, // cm/s
      silentAfterMs: 120000,
      total: 0, // of the whole fleet, and so are the totals; count is of those that were ever held
      totals: { moving: 0, stopped: 0, silent: 0, unlocated: 0 },
      asOf: NaN,
      newestAt: NaN,
      offsetMs: NaN, // this clock minus the server's, at best
      paused: false,
      frames: 0,
      snapshots: 0,
      namings: 0, // how often names were learnt
      order: [],
      orderIsDue: false,
    };
    for (const [key, Type] of Object.entries(COLUMNS)) store[key] = new Type(FIRST_CAPACITY);
    return store;
  }

  function grow(store) {
    store.capacity *= 2;
    for (const [key, Type] of Object.entries(COLUMNS)) {
      const wider = new Type(store.capacity);
      wider.set(store[key]);
      store[key] = wider;
    }
  }

  function slotFor(store, id) {
    const known = store.slotOfId.get(id);
    if (known !== undefined) return known;
    if (store.count === store.capacity) grow(store);
    const slot = store.count++;
    store.slotOfId.set(id, slot);
    store.id[slot] = id;
    store.name[slot] = store.search[slot] = `#${id}`;
    store.order.push(slot);
    store.orderIsDue = true;
    store.label[slot] = store.kind[slot] = store.fleet[slot] = null;
    forget(store, slot);
    return slot;
  }

  function forget(store, slot) {
    store.x[slot] = store.y[slot] = store.seenAt[slot] = store.value[slot] = NaN;
  }

  /** Take the limits of a hello. */
  function applyHello(store, hello) {
    store.stoppedBelow = hello.stopped_below * 100;
    store.silentAfterMs = hello.silent_after_s * 1000;
  }

  /** Take names that later frames refer to by id. */
  function applyDevices(store, message) {
    for (let i = 0; i < message.id.length; i++) {
      const slot = slotFor(store, message.id[i]);
      store.slotOfName.delete(store.name[slot]);
      store.name[slot] = message.name[i];
      store.label[slot] = message.label[i];
      store.kind[slot] = message.kind[i];
      store.fleet[slot] = message.fleet[i];
      store.search[slot] = `${message.name[i]}\n${message.label[i] || ""}`.toLowerCase();
      store.slotOfName.set(message.name[i], slot);
    }
    store.namings++;
    store.orderIsDue = true;
  }

  function setPlace(store, slot, lat, lon, now, glide) {
    if (lat === protocol.NO_LATITUDE) {
      store.x[slot] = store.y[slot] = NaN;
      return false;
    }
    const fresh = Number.isNaN(store.x[slot]);
    if (!fresh && store.lat[slot] === lat && store.lon[slot] === lon) return false;
    const toX = projection.worldX(lon / 1e7);
    const toY = projection.worldY(lat / 1e7);
    const part = progress(store, slot, now);
    const fromX = store.fromX[slot] + (store.x[slot] - store.fromX[slot]) * part;
    const fromY = store.fromY[slot] + (store.y[slot] - store.fromY[slot]) * part;
    const near = Math.abs(toX - fromX) < GLIDE_FARTHEST && Math.abs(toY - fromY) < GLIDE_FARTHEST;
    const gliding = glide && !fresh && near;
    store.fromX[slot] = gliding ? fromX : toX;
    store.fromY[slot] = gliding ? fromY : toY;
    store.glideStart[slot] = now;
    store.glideMs[slot] = gliding ? Math.min(GLIDE_MOST_MS, now - store.changedAt[slot]) : 0;
    store.changedAt[slot] = now;
    store.x[slot] = toX;
    store.y[slot] = toY;
    store.lat[slot] = lat;
    store.lon[slot] = lon;
    return !fresh;
  }

  /** How much of its glide a device has behind it at `now`, 0 to 1. */
  function progress(store, slot, now) {
    const length = store.glideMs[slot];
    if (!(length > 0)) return 1;
    const part = (now - store.glideStart[slot]) / length;
    return part >= 1 ? 1 : part > 0 ? part : 0;
  }

  function noteClock(store, frame, wallMs) {
    const offset = wallMs - frame.asOf;
    // The least delay seen is the best guess; a slow drift upwards lets it follow clocks that are set.
    store.offsetMs = Number.isNaN(store.offsetMs) || Math.abs(offset - store.offsetMs) > 60000 ? offset : Math.min(offset, store.offsetMs + 1);
    store.asOf = frame.asOf;
    store.total = frame.total;
    store.totals = frame.totals;
    store.paused = frame.paused;
    store.newestAt = frame.newestAgeMs === null ? NaN : frame.asOf - frame.newestAgeMs;
    store.frames++;
  }

  /** Apply a frame. `now` is the drawing clock (performance.now), `wallMs` Date.now(). `onMove(slot, fromLat,
      fromLon)` hears of each located device that changed its place in a delta. Devices that left the view are forgotten:
      their slot stays, and seenAt is NaN. */
  function applyFrame(store, frame, now, wallMs, onMove) {
    noteClock(store, frame, wallMs);
    const snapshot = frame.kind === "snapshot";
    if (snapshot) {
      for (let slot = 0; slot < store.count; slot++) store.seenAt[slot] = NaN;
      store.snapshots++;
    }
    for (let i = 0; i < frame.n; i++) {
      const slot = slotFor(store, frame.id[i]);
      const fromX = store.x[slot];
      const fromY = store.y[slot];
      const seenBefore = store.seenAt[slot];
      store.seenAt[slot] = frame.asOf - frame.ageMs[i];
      store.speed[slot] = frame.speed[i];
      store.heading[slot] = frame.heading[i];
      store.value[slot] = frame.value === null ? NaN : frame.value[i];
      const moved = setPlace(store, slot, frame.lat[i], frame.lon[i], now, !snapshot);
      if (moved && !snapshot && onMove) onMove(slot, fromX, fromY, store.seenAt[slot] - seenBefore);
    }
    for (const id of frame.left) {
      const slot = store.slotOfId.get(id);
      if (slot !== undefined) forget(store, slot);
    }
    if (snapshot) for (let slot = 0; slot < store.count; slot++) if (Number.isNaN(store.seenAt[slot])) forget(store, slot);
  }

  /** The server's clock at `wallMs`. */
  function serverNow(store, wallMs) {
    return Number.isNaN(store.offsetMs) ? wallMs : wallMs - store.offsetMs;
  }

  /** Age of a device's data in ms; NaN while nothing was heard of it. */
  function ageMs(store, slot, serverMs) {
    const age = serverMs - store.seenAt[slot];
    return age < 0 ? 0 : age;
  }

  /** Age of the newest data of all, in ms; null when there is none. */
  function newestAgeMs(store, serverMs) {
    return Number.isNaN(store.newestAt) ? null : Math.max(0, serverMs - store.newestAt);
  }

  /** MOVING, STOPPED or SILENT, as core/types.py state_of. */
  function stateOf(store, slot, serverMs) {
    if (serverMs - store.seenAt[slot] > store.silentAfterMs) return SILENT;
    const speed = store.speed[slot];
    return speed !== protocol.UNKNOWN && speed >= store.stoppedBelow ? MOVING : STOPPED;
  }

  /** Number of devices by state, [moving, stopped, silent]; `located` counts those that have a place. */
  function counts(store, serverMs) {
    const by = [0, 0, 0];
    let located = 0;
    for (let slot = 0; slot < store.count; slot++) {
      if (Number.isNaN(store.seenAt[slot])) continue;
      by[stateOf(store, slot, serverMs)]++;
      if (!Number.isNaN(store.x[slot])) located++;
    }
    return { by, located };
  }

  /** Slots in order of their names, as people sort them: bus-9 before bus-10. The order is kept, new names stand
      at its end: sorting again costs little more than one pass. */
  function nameOrder(store) {
    if (store.orderIsDue) {
      const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
      store.order.sort((a, b) => collator.compare(store.name[a], store.name[b]));
      store.orderIsDue = false;
    }
    return store.order;
  }

  function spread(values, share) {
    const sorted = Float64Array.from(values).sort();
    const cut = Math.floor(sorted.length * share);
    return [sorted[cut], sorted[sorted.length - 1 - cut]];
  }

  /** World box {minX, minY, maxX, maxY} of the devices, or null. Where a few strays make the box more than
      eight times as wide as that of the other 96 %, they are left out. */
  function extent(store) {
    const slots = Array.from({ length: store.count }, (_, slot) => slot).filter((slot) => !Number.isNaN(store.x[slot]));
    if (slots.length === 0) return null;
    const box = (share) => {
      const [minX, maxX] = spread(slots.map((slot) => store.x[slot]), share);
      const [minY, maxY] = spread(slots.map((slot) => store.y[slot]), share);
      return { minX, minY, maxX, maxY };
    };
    const size = (b) => Math.max(b.maxX - b.minX, b.maxY - b.minY);
    const all = box(0);
    const most = box(0.02);
    return slots.length >= 20 && size(all) > 8 * size(most) ? most : all;
  }

  global.waypost.store = {
    MOVING, STOPPED, SILENT, STATES,
    create, applyHello, applyDevices, applyFrame, progress, serverNow, ageMs, newestAgeMs, stateOf, counts, nameOrder, extent,
  };
})(globalThis);
