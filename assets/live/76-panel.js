/* The left panel: totals by state, search, and the list of devices in view: the twin of the map for keyboards
   and screen readers. Rows are kept by device, so that focus stays where it was. */
(function (global) {
  "use strict";
  const { format, protocol, store: stores } = global.waypost;
  const MOST_ROWS = 50;
  const NAME_LETTERS = 24;
  const NO_SPEED = { value: "", unit: "" };

  function setText(element, text) {
    if (element !== null && element.textContent !== text) element.textContent = text;
  }

  function child(parent, tag, className) {
    const element = document.createElement(tag);
    element.className = className;
    parent.append(element);
    return element;
  }

  /** Speed in m/s of a slot, or null. */
  function speedOf(store, slot) {
    return store.speed[slot] === protocol.UNKNOWN ? null : store.speed[slot] / 100;
  }

  /** Slots to list, at most `most`, by name, and how many there are in all. With a query all devices are
      searched; without, those in view. `isInView(slot)` tells. */
  function choose(store, { query, only, serverMs, isInView, most }) {
    const wanted = query.trim().toLowerCase();
    const rows = [];
    let found = 0;
    for (const slot of stores.nameOrder(store)) {
      if (Number.isNaN(store.seenAt[slot])) continue;
      if (wanted ? !store.search[slot].includes(wanted) : !isInView(slot)) continue;
      if (only !== null && stores.stateOf(store, slot, serverMs) !== only) continue;
      found++;
      if (rows.length < most) rows.push(slot);
    }
    return { rows, found };
  }

  /** What stands above the list. */
  function noteOf({ found, rows }, query) {
    const count = format.number(found, 6);
    const where = query.trim() ? "found" : "in view";
    if (found === 0) return query.trim() ? "Nothing found" : "No device in view";
    return found > rows.length ? `First ${rows.length} of ${count} ${where}` : `${count} ${where}`;
  }

  function createRow(slot, name) {
    const item = document.createElement("li");
    const button = child(item, "button", "wp-row");
    button.type = "button";
    button.dataset.slot = String(slot);
    button.title = name;
    const glyph = child(button, "span", "wp-glyph");
    const title = child(button, "span", "wp-row-name");
    const speed = child(button, "span", "wp-row-speed");
    const value = child(speed, "span", "wp-value");
    const unit = child(speed, "span", "wp-measure");
    const age = child(button, "span", "wp-row-age");
    title.textContent = format.shorten(name, NAME_LETTERS);
    return { item, button, glyph, value, unit, age, name };
  }

  /** Show state and heading in a glyph element (its shape is in the style sheet) and name the state. */
  function setGlyph(glyph, store, slot, serverMs) {
    const state = stores.STATES[stores.stateOf(store, slot, serverMs)];
    const heading = store.heading[slot];
    const round = state === "moving" && heading === protocol.UNKNOWN;
    if (glyph.dataset.state !== state) {
      glyph.dataset.state = state;
      glyph.setAttribute("role", "img");
      glyph.setAttribute("aria-label", state);
    }
    glyph.toggleAttribute("data-round", round);
    const turn = state === "moving" && !round ? `rotate(${Math.round(heading / 100)}deg)` : "";
    if (glyph.style.transform !== turn) glyph.style.transform = turn;
  }

  function updateRow(row, store, slot, serverMs, selected) {
    const silent = stores.stateOf(store, slot, serverMs) === stores.SILENT;
    const speed = silent ? NO_SPEED : format.speed(speedOf(store, slot)); // what it was long ago would mislead
    setGlyph(row.glyph, store, slot, serverMs);
    setText(row.value, speed.value);
    setText(row.unit, speed.unit);
    setText(row.age, format.age(stores.ageMs(store, slot, serverMs) / 1000));
    const current = slot === selected ? "true" : "false";
    if (row.button.getAttribute("aria-current") !== current) row.button.setAttribute("aria-current", current);
  }

  /** Keep the list of a panel; `known` are its rows by slot. */
  function createList() {
    const known = new Map();
    /** Make the list show `rows`; rows that stay are moved and not made anew. */
    return function show(list, store, rows, serverMs, selected) {
      const keep = new Set(rows);
      for (const [slot, row] of known) {
        if (keep.has(slot) && row.name === store.name[slot] && row.item.parentNode === list) continue;
        row.item.remove();
        known.delete(slot);
      }
      rows.forEach((slot, place) => {
        if (!known.has(slot)) known.set(slot, createRow(slot, store.name[slot]));
        const row = known.get(slot);
        if (list.children[place] !== row.item) list.insertBefore(row.item, list.children[place] || null);
        updateRow(row, store, slot, serverMs, selected);
      });
    };
  }

  /** Write the totals and which state is filtered for. */
  function showTotals(counts, only) {
    const total = counts.by[0] + counts.by[1] + counts.by[2];
    setText(document.getElementById("live-total"), format.number(total, 6));
    setText(document.getElementById("live-total-word"), total === 1 ? "device" : "devices");
    stores.STATES.forEach((name, state) => {
      setText(document.getElementById(`live-count-${name}`), format.number(counts.by[state], 6));
      const button = document.getElementById(`live-filter-${name}`);
      if (button !== null) button.setAttribute("aria-pressed", String(only === state));
    });
  }

  global.waypost.panel = { MOST_ROWS, setText, child, speedOf, setGlyph, choose, noteOf, createList, showTotals };
})(globalThis);
