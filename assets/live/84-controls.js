/* Keys, buttons and fields of the live page, by delegation: Dash may render its elements anew at any time. */
(function (global) {
  "use strict";
  const { drawer, format, panel, store: stores, protocol } = global.waypost;

  function isTyping(target) {
    return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
  }

  function searchField() {
    const element = document.getElementById("live-search");
    return element === null || element.tagName === "INPUT" ? element : element.querySelector("input");
  }

  /** Words of the tooltip of a device. */
  function describe(store, slot, serverMs) {
    const speed = format.speed(panel.speedOf(store, slot));
    const heading = format.heading(store.heading[slot] === protocol.UNKNOWN ? null : store.heading[slot] / 100);
    const state = stores.STATES[stores.stateOf(store, slot, serverMs)];
    const facts = [state === "moving" ? `${speed.value} ${speed.unit}` : state, format.age(stores.ageMs(store, slot, serverMs) / 1000)];
    if (state === "moving" && heading.unit) facts.splice(1, 0, heading.unit);
    return { name: format.shorten(store.name[slot], 32), facts: facts.join(" · ") };
  }

  async function copyCommand(button) {
    const command = document.getElementById("live-empty-command");
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
    const target = event.target instanceof Element ? event.target.closest("button") : null;
    if (target === null) return;
    if (target.dataset.slot !== undefined) actions.select(Number(target.dataset.slot));
    else if (target.id === "live-card-close") actions.select(-1);
    else if (target.id === "live-card-follow") actions.setFollowing(!actions.isFollowing());
    else if (target.id === "live-empty-copy") copyCommand(target);
    else if (target.id === "live-handle") drawer.toggle(document.getElementById("live-page"), target);
    else {
      const state = stores.STATES.findIndex((name) => target.id === `live-filter-${name}`);
      if (state >= 0) actions.setOnly(actions.only() === state ? null : state);
    }
  }

  function onPointerDown(event) {
    const handle = event.target instanceof Element ? event.target.closest("#live-handle") : null;
    if (handle !== null && event.isPrimary) drawer.drag(event, handle, document.getElementById("live-page"));
  }

  function onKey(event, actions) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && actions.selected() >= 0) actions.select(-1);
    if (isTyping(event.target)) return;
    if (event.key === "f" && actions.selected() >= 0) actions.setFollowing(!actions.isFollowing());
    if (event.key === "/" && searchField() !== null) {
      event.preventDefault();
      document.getElementById("live-page").setAttribute("data-drawer", "");
      searchField().focus();
    }
  }

  /** Listen until the returned controller is aborted. */
  function listen(actions) {
    const ending = new AbortController();
    const on = (target, type, run) => target.addEventListener(type, run, { signal: ending.signal });
    on(document, "click", (event) => onClick(event, actions));
    on(document, "pointerdown", onPointerDown);
    on(document, "keydown", (event) => onKey(event, actions));
    on(document, "input", (event) => event.target === searchField() && actions.setQuery(event.target.value));
    on(document, "visibilitychange", actions.wake);
    on(global, "online", actions.online);
    return ending;
  }

  /** Fill in what only the browser knows: the query of the address. */
  function prepare(query) {
    if (query) global.dash_clientside.set_props("live-search", { value: query });
  }

  global.waypost.controls = { describe, listen, prepare };
})(globalThis);
