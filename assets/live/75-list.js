/* The list of devices: the twin of the map for keyboards and screen readers. However many there are, only the rows in
   the window of the list exist; arrow keys go through all of them. */
(function (global) {
  "use strict";
  const { format, protocol, store: stores, filter: filters, colouring } = global.waypost;
  const NAME_LETTERS = 24;
  const SPARE = 6; // rows kept beyond each edge of the window
  const PAGE = 10;
  const SPEED = colouring.SPEED;

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

  /** Order of two numbers, those that are none at the end. */
  function byNumber(a, b) {
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
    return Number.isNaN(b) ? -1 : a - b;
  }

  /** Put slots, which are in order of names, into that of the scene: age newest first, speed and value greatest first. */
  function sort(slots, scene) {
    if (scene.sort === "name") return slots;
    const keys = new Map();
    const keyOf = { age: (slot) => scene.store.seenAt[slot], speed: scene.speedOf }[scene.sort] || scene.valueOf;
    for (const slot of slots) keys.set(slot, -keyOf(slot));
    return slots.sort((a, b) => byNumber(keys.get(a), keys.get(b)));
  }

  /** Slots to list, sorted, as {slots, hidden}: with a search, or where the list is not limited to the window
      (scene.inView), from everywhere; otherwise those for which `isInView(slot)`. `hidden` counts devices that would
      be listed but for the filters. */
  function choose(scene, isInView) {
    const { store, filter } = scene;
    const accepts = scene.accepts();
    const serverMs = scene.serverMs();
    const everywhere = !scene.inView || filters.isSearching(filter) || filter.unlocated || filter.isolated !== null || scene.isOfAlerts();
    const slots = [];
    let hidden = 0;
    for (const slot of stores.nameOrder(store)) {
      if (Number.isNaN(store.seenAt[slot]) || !(everywhere || isInView(slot))) continue;
      if (accepts === null || accepts(slot, stores.stateOf(store, slot, serverMs))) slots.push(slot);
      else hidden++;
    }
    return { slots: sort(slots, scene), hidden, everywhere };
  }

  /** What stands above the list. */
  function noteOf({ slots, hidden, everywhere }, filter) {
    if (filter.error !== null) return `Not a pattern: ${filter.error}`;
    const count = format.number(slots.length, 6);
    if (filters.isSearching(filter)) return slots.length === 0 ? "Nothing found" : `${count} found`;
    const where = everywhere ? (slots.length === 1 ? "device" : "devices") : "in view";
    const rest = hidden > 0 ? ` · ${format.number(hidden, 6)} hidden` : "";
    return slots.length === 0 ? `No device ${everywhere ? "here" : "in view"}${rest}` : `${count} ${where}${rest}`;
  }

  function createRow() {
    const item = document.createElement("li");
    item.className = "wp-list-item";
    const button = child(item, "button", "wp-row");
    button.type = "button";
    button.tabIndex = -1;
    const glyph = child(button, "span", "wp-glyph");
    const title = child(button, "span", "wp-row-name");
    const measure = child(button, "span", "wp-row-speed");
    const value = child(measure, "span", "wp-value");
    const unit = child(measure, "span", "wp-measure");
    const age = child(button, "span", "wp-row-age");
    return { item, button, glyph, title, value, unit, age, slot: -1, name: null };
  }

  /** Show state and heading of a device of the scene in a glyph element (its shape is in the style sheet); name its state,
      and that it is in alert. */
  function setGlyph(glyph, scene, slot) {
    const { store } = scene;
    const state = stores.STATES[scene.stateOf(slot)];
    const heading = store.heading[slot];
    const round = state === "moving" && heading === protocol.UNKNOWN;
    const label = scene.isAlerted(slot) ? `${state}, in alert` : state;
    if (glyph.getAttribute("aria-label") !== label) {
      glyph.dataset.state = state;
      glyph.setAttribute("role", "img");
      glyph.setAttribute("aria-label", label);
    }
    glyph.toggleAttribute("data-round", round);
    const turn = state === "moving" && !round ? `rotate(${Math.round(heading / 100)}deg)` : "";
    if (glyph.style.transform !== turn) glyph.style.transform = turn;
  }

  /** The value that a row shows: of the metric the map is about, {value, unit}. The speed of a silent device would
      mislead, and a device without a place says so. */
  function measureOf(scene, slot, silent, unit) {
    if (Number.isNaN(scene.store.x[slot])) return { value: "", unit: "not located" };
    if (scene.metric !== SPEED) return { value: format.number(scene.valueOf(slot), 3), unit };
    return silent ? { value: "", unit: "" } : format.speed(speedOf(scene.store, slot));
  }

  function fillRow(row, scene, slot, place, total, unit) {
    const { store } = scene;
    const serverMs = scene.serverMs();
    const name = store.name[slot];
    if (row.slot !== slot || row.name !== name) {
      Object.assign(row, { slot, name });
      row.button.dataset.slot = String(slot);
      row.button.title = name;
      row.title.textContent = format.shorten(name, NAME_LETTERS);
    }
    const silent = stores.stateOf(store, slot, serverMs) === stores.SILENT;
    const measure = measureOf(scene, slot, silent, unit);
    setGlyph(row.glyph, scene, slot);
    row.button.toggleAttribute("data-alerted", scene.isAlerted(slot));
    setText(row.value, measure.value);
    setText(row.unit, measure.unit);
    setText(row.age, format.age(stores.ageMs(store, slot, serverMs) / 1000));
    const attributes = { "aria-setsize": total, "aria-posinset": place + 1 };
    for (const [key, value] of Object.entries(attributes)) if (row.item.getAttribute(key) !== String(value)) row.item.setAttribute(key, String(value));
    const current = scene.chosen.has(slot) ? "true" : "false";
    if (row.button.getAttribute("aria-current") !== current) row.button.setAttribute("aria-current", current);
  }

  /** Numbers [first, last) of the rows to make for a list scrolled to `top` px, `height` px high. */
  function windowOf(top, height, rowHeight, total) {
    const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
    return [Math.min(first, total), Math.min(total, Math.ceil((top + height) / rowHeight) + SPARE)];
  }

  /** Where a key leads from row `at` of `total`; null for a key that leads nowhere. */
  function moveBy(key, at, total) {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + PAGE, PageUp: at - PAGE, Home: 0, End: total - 1 }[key];
    return to === undefined || total === 0 ? null : Math.max(0, Math.min(total - 1, to));
  }

  /** Keep a list. */
  function create() {
    const rows = new Map(); // by slot
    let slots = [];
    let atHand = -1; // slot of the one row that Tab reaches

    function rowHeightOf(list) {
      return parseFloat(getComputedStyle(list).getPropertyValue("--wp-row-height")) || 32;
    }

    /** Make the rows in the window of the list show `all`, the slots in their order. The list lies in an element that
        scrolls. */
    function show(list, scene, all, unit) {
      slots = all;
      const rowHeight = rowHeightOf(list);
      const scroller = list.parentElement;
      const room = `${slots.length * rowHeight}px`;
      if (list.style.height !== room) list.style.height = room;
      const [first, last] = windowOf(scroller.scrollTop, scroller.clientHeight || 400, rowHeight, slots.length);
      const shown = slots.slice(first, last).map((slot, i) => [slot, first + i]);
      const held = heldBy(list);
      const place = held < 0 || shown.some(([slot]) => slot === held) ? -1 : slots.indexOf(held);
      // Its place in the order of the keyboard, and of a screen reader, is not lost by scrolling.
      if (place >= 0) shown.splice(place < first ? 0 : shown.length, 0, [held, place]);
      if (!shown.some(([slot]) => slot === atHand)) atHand = shown.length > 0 ? shown[0][0] : -1;
      const keep = new Set(shown.map(([slot]) => slot));
      for (const [slot, row] of rows) {
        if (keep.has(slot) && row.item.parentNode === list) continue;
        row.item.remove();
        rows.delete(slot);
      }
      shown.forEach(([slot, number], i) => put(list, scene, slot, number, i, rowHeight, unit));
    }

    function heldBy(list) {
      const focused = document.activeElement instanceof HTMLElement ? document.activeElement.closest(".wp-row") : null;
      return focused !== null && list.contains(focused) ? Number(focused.dataset.slot) : -1;
    }

    function put(list, scene, slot, number, order, rowHeight, unit) {
      if (!rows.has(slot)) rows.set(slot, createRow());
      const row = rows.get(slot);
      if (list.children[order] !== row.item) list.insertBefore(row.item, list.children[order] || null);
      const at = `translateY(${number * rowHeight}px)`;
      if (row.item.style.transform !== at) row.item.style.transform = at;
      const reach = slot === atHand ? 0 : -1;
      if (row.button.tabIndex !== reach) row.button.tabIndex = reach;
      fillRow(row, scene, slot, number, slots.length, unit);
    }

    /** Follow an arrow key from the focused row; true where it led somewhere. `redraw()` shows the list again. */
    function onKey(list, key, focused, redraw) {
      const to = moveBy(key, slots.indexOf(Number(focused.dataset.slot)), slots.length);
      if (to === null) return false;
      const rowHeight = rowHeightOf(list);
      atHand = slots[to];
      const scroller = list.parentElement;
      if (to * rowHeight < scroller.scrollTop) scroller.scrollTop = to * rowHeight;
      else if ((to + 1) * rowHeight > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = (to + 1) * rowHeight - scroller.clientHeight;
      redraw();
      rows.get(atHand).button.focus({ preventScroll: true });
      return true;
    }

    /** Remember which row the keyboard is at. */
    function reach(slot) {
      atHand = slot;
      for (const [one, row] of rows) row.button.tabIndex = one === slot ? 0 : -1;
    }

    return { show, onKey, reach };
  }

  global.waypost.list = { setText, child, speedOf, setGlyph, choose, sort, noteOf, windowOf, moveBy, create };
})(globalThis);
