/* Which devices are in alert: told by name, looked up as slots once names or the devices known have changed. */
(function (global) {
  "use strict";

  /** Nobody is. While `isHeld` nobody is taken to be: alerts are of now, and the map shows the past. */
  function create() {
    return { names: new Set(), isHeld: false, flags: new Uint8Array(0), known: 0, namings: -1 };
  }

  /** These are, and no others; whether that is new. */
  function tell(alerted, names) {
    if (names.length === alerted.names.size && names.every((name) => alerted.names.has(name))) return false;
    alerted.names = new Set(names);
    alerted.namings = -1;
    return true;
  }

  /** A byte for each slot, 1 where its device is in alert; null where none of those known is. */
  function flagsOf(alerted, store) {
    if (alerted.isHeld || alerted.names.size === 0) return null;
    if (alerted.namings !== store.namings) lookUp(alerted, store);
    return alerted.known > 0 ? alerted.flags : null;
  }

  function lookUp(alerted, store) {
    alerted.namings = store.namings;
    alerted.known = 0;
    if (alerted.flags.length < store.capacity) alerted.flags = new Uint8Array(store.capacity);
    else alerted.flags.fill(0);
    for (const name of alerted.names) {
      const slot = store.slotOfName.get(name);
      if (slot === undefined) continue;
      alerted.flags[slot] = 1;
      alerted.known++;
    }
  }

  /** Whether a device is. */
  function has(alerted, store, slot) {
    const flags = flagsOf(alerted, store);
    return flags !== null && flags[slot] === 1;
  }

  /** How many are, known here or not. */
  function count(alerted) {
    return alerted.isHeld ? 0 : alerted.names.size;
  }

  global.waypost.alerted = { create, tell, flagsOf, has, count };
})(globalThis);
