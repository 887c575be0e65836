/* Which devices are meant: by name or /regular expression/, fleet, kind, state, alert, the range of a metric, isolation. */
(function (global) {
  "use strict";
  const LONGEST = 200; // letters of a name that a pattern is tried on: names come from devices

  /** A filter that lets everything through. `state` is a number or null; `fleet` and `kind` are texts or null;
      `least` and `most` bound the value of the metric that is asked for. */
  function create() {
    return { ...compile(""), fleet: null, kind: null, state: null, least: null, most: null, unlocated: false, alerted: false, isolated: null, matched: [] };
  }

  /** What was typed, as {query, words, pattern, error}: /…/ is a regular expression, anything else is looked for as
      it stands, whatever its case. Of a pattern that cannot be read `error` says why. */
  function compile(query) {
    const typed = query.trim();
    const slashed = /^\/(.+?)\/?$/s.exec(typed);
    if (slashed === null) return { query, words: typed === "/" ? "" : typed.toLowerCase(), pattern: null, error: null };
    try {
      return { query, words: "", pattern: new RegExp(slashed[1], "iu"), error: null };
    } catch (error) {
      return { query, words: "", pattern: null, error: reasonOf(error) };
    }
  }

  /** What is wrong with a pattern, without the pattern itself, which some browsers repeat. */
  function reasonOf(error) {
    const said = error.message.slice(error.message.lastIndexOf(": ") + 1).trim();
    return said.charAt(0).toLowerCase() + said.slice(1);
  }

  /** Look for something else from now on. */
  function setQuery(filter, query) {
    Object.assign(filter, compile(query), { matched: [] });
  }

  /** Whether anything is looked for by name. */
  function isSearching(filter) {
    return filter.words !== "" || filter.pattern !== null;
  }

  function fitsName(filter, store, slot) {
    if (filter.words !== "") return store.search[slot].includes(filter.words);
    if (filter.pattern === null) return true;
    const known = filter.matched[slot]; // a pattern is tried once on each name
    if (known !== undefined && known.name === store.search[slot]) return known.fits;
    const tried = [store.name[slot], store.label[slot] || ""].map((text) => text.slice(0, LONGEST));
    const fits = tried.some((text) => filter.pattern.test(text));
    filter.matched[slot] = { name: store.search[slot], fits };
    return fits;
  }

  /** A function (slot, state) that tells whether a device is let through, or null where every one is.
      `valueOf(slot)` gives the value of the metric in the unit of the bounds, NaN where there is none; `isAlerted(slot)`
      says who is in alert, and is null where that is not asked. */
  function test(filter, store, valueOf, isAlerted = null) {
    const { fleet, kind, state, least, most, unlocated, isolated } = filter;
    const bounded = least !== null || most !== null;
    const named = isSearching(filter);
    if (!named && !bounded && !unlocated && fleet === null && kind === null && state === null && isAlerted === null && isolated === null) return null;
    return (slot, itsState) => {
      if (isolated !== null && !isolated.has(slot)) return false;
      if (state !== null && itsState !== state) return false;
      if (isAlerted !== null && !isAlerted(slot)) return false;
      if (fleet !== null && store.fleet[slot] !== fleet) return false;
      if (kind !== null && store.kind[slot] !== kind) return false;
      if (unlocated && !Number.isNaN(store.x[slot])) return false;
      if (bounded) {
        const value = valueOf(slot);
        if (!(value >= (least === null ? -Infinity : least) && value <= (most === null ? Infinity : most))) return false;
      }
      return !named || fitsName(filter, store, slot);
    };
  }

  /** How many things are filtered for besides the state and the name. */
  function countOf(filter) {
    return [filter.fleet !== null, filter.kind !== null, filter.least !== null || filter.most !== null, filter.unlocated].filter(Boolean).length;
  }

  /** Counts of the fleets and kinds of the devices known, as Maps of name to number. */
  function groupsOf(store) {
    const fleets = new Map();
    const kinds = new Map();
    for (let slot = 0; slot < store.count; slot++) {
      if (Number.isNaN(store.seenAt[slot])) continue;
      const [fleet, kind] = [store.fleet[slot], store.kind[slot]];
      if (fleet !== null) fleets.set(fleet, (fleets.get(fleet) || 0) + 1);
      if (kind !== null) kinds.set(kind, (kinds.get(kind) || 0) + 1);
    }
    return { fleets, kinds };
  }

  global.waypost.filter = { create, compile, setQuery, isSearching, test, countOf, groupsOf };
})(globalThis);
