/* Buttons and fields of the live page, by delegation: Dash may render its elements anew at any time. `actions` is what
   90-live.js can do; keys lead to the same. */
(function (global) {
  "use strict";
  const { drawer, format, list, panel, keys, menus, store: stores, protocol } = global.waypost;
  const byId = (id) => document.getElementById(id);

  /** What a click on an element of an id does. */
  const CLICKS = {
    "live-card-close": "letGo",
    "live-card-follow": "toggleFollow",
    "live-card-isolate": "toggleIsolate",
    "live-card-share": "share",
    "live-filters-open": "toggleFilters",
    "live-clear": "clearFilters",
    "live-unlocated": "toggleUnlocated",
    "live-filter-alerted": "toggleAlerted",
    "live-in-view": "toggleInView",
    "live-shows-names": "toggleNames",
    "live-shows-glide": "toggleGlide",
    "live-shows-density": "toggleDensity",
    "live-shows-heat": "toggleHeat",
    "live-tool-fit": "fitAll",
    "live-tool-measure": "toggleMeasure",
    "live-tool-locate": "locate",
    "live-tool-full": "toggleFull",
    "live-tool-keys": "openKeys",
    "live-tool-layers": "openLayers",
    "live-tool-jump": "openJump",
    "live-panel-fold": "toggleFold",
  };
  /** What typing into a field, or choosing from it, sets. */
  const FIELDS = {
    "live-search": "setQuery",
    "live-fleet": "setFleet",
    "live-kind": "setKind",
    "live-metric": "setMetric",
    "live-least": "setLeast",
    "live-most": "setMost",
    "live-sort": "setSort",
    "live-colour": "setColour",
    "live-trails": "setTrails",
  };

  /** Words of the tooltip of a device. */
  function describe(scene, slot, unit) {
    const { store } = scene;
    const serverMs = scene.serverMs();
    const speed = format.speed(list.speedOf(store, slot));
    const heading = format.heading(store.heading[slot] === protocol.UNKNOWN ? null : store.heading[slot] / 100);
    const state = stores.STATES[stores.stateOf(store, slot, serverMs)];
    const age = format.age(stores.ageMs(store, slot, serverMs) / 1000);
    const facts = state === "silent" ? [age === "now" ? "silent" : `silent for ${age}`] : [state === "moving" ? `${speed.value} ${speed.unit}` : state, age];
    if (state === "moving" && heading.unit) facts.splice(1, 0, heading.unit);
    if (scene.isAlerted(slot)) facts.unshift("in alert");
    if (scene.metric !== "speed" && Number.isFinite(scene.valueOf(slot))) facts.push(`${format.number(scene.valueOf(slot), 3)} ${unit}`.trim());
    return { name: format.shorten(store.name[slot], 32), facts: facts.join(" · ") };
  }

  async function copyCommand(button) {
    const command = byId("live-empty-command");
    let copied = true;
    try {
      await navigator.clipboard.writeText(command.textContent);
    } catch {
      copied = false; // no clipboard outside of https and localhost: select it, so that Ctrl C does
      getSelection().selectAllChildren(command);
    }
    button.textContent = copied ? "Copied" : "Press Ctrl C";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }

  function onClick(event, actions) {
    if (!(event.target instanceof Element)) return;
    const target = event.target.closest("button");
    menus.onClick(event.target);
    if (target === null) return;
    const { slot, card } = target.dataset;
    if (slot !== undefined) (event.shiftKey ? actions.toggle : actions.select)(Number(slot));
    else if (card !== undefined) actions.showCard(Number(card));
    else if (target.id in CLICKS) actions[CLICKS[target.id]]();
    else if (target.id === "live-empty-copy") copyCommand(target);
    else if (target.id === "live-handle") drawer.toggle(byId("live-page"), target);
    else {
      const state = stores.STATES.findIndex((name) => target.id === `live-filter-${name}`);
      if (state >= 0) actions.toggleState(state);
    }
  }

  function onPointerDown(event) {
    const handle = event.target instanceof Element ? event.target.closest("#live-handle") : null;
    if (handle !== null && event.isPrimary) drawer.drag(event, handle, byId("live-page"));
  }

  function onField(event, actions) {
    const id = Object.keys(FIELDS).find((one) => panel.fieldOf(one) === event.target);
    if (id !== undefined) actions[FIELDS[id]](event.target.value);
  }

  function onKey(event, actions) {
    const row = event.target instanceof HTMLElement ? event.target.closest(".wp-row") : null;
    if (row !== null && !event.ctrlKey && !event.metaKey && !event.altKey && actions.listKey(event.key, row)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && event.target === panel.fieldOf("live-jump-field")) {
      event.preventDefault(); // or Enter would press the button that gets the focus back
      actions.jump(event.target.value);
      return;
    }
    if (event.key === "ArrowDown" && event.target === panel.fieldOf("live-search")) {
      event.preventDefault();
      actions.enterList();
      return;
    }
    const action = keys.actionOf(event);
    if (action === null) return;
    if (event.key !== "Escape") event.preventDefault();
    actions[action](event);
  }

  /** Listen until the returned controller is aborted. */
  function listen(actions) {
    const ending = new AbortController();
    const on = (target, type, run, capture = false) => target.addEventListener(type, run, { signal: ending.signal, capture });
    on(document, "click", (event) => onClick(event, actions));
    on(document, "pointerdown", onPointerDown);
    on(document, "keydown", (event) => onKey(event, actions));
    on(document, "input", (event) => onField(event, actions));
    on(document, "focusin", (event) => {
      const row = event.target instanceof Element ? event.target.closest(".wp-row") : null;
      if (row !== null) actions.reachRow(Number(row.dataset.slot));
    });
    on(document, "scroll", (event) => event.target instanceof Element && event.target.classList.contains("wp-list-scroll") && actions.scrolled(), true);
    on(document, "visibilitychange", actions.seen);
    on(document, "fullscreenchange", actions.fullChanged);
    on(global, "online", actions.online);
    return ending;
  }

  global.waypost.controls = { describe, listen };
})(globalThis);
