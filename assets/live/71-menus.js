/* Menus that a button opens, one at a time, and the line that says what was done. */
(function (global) {
  "use strict";
  const MESSAGE_MS = 4000;
  /** Menu by the button that opens it. */
  const MENUS = {
    "live-tool-layers": "live-layers",
    "live-tool-jump": "live-jump",
    "live-tool-keys": "live-keys",
  };
  const byId = (id) => document.getElementById(id);
  let fading = 0;

  function firstField(menu) {
    return menu.querySelector("input, select, button") || menu;
  }

  function setOpen(buttonId, open) {
    const [button, menu] = [byId(buttonId), byId(MENUS[buttonId])];
    if (button === null || menu === null || menu.hidden !== open) return;
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) {
      unsay(); // the line would lie over the menu
      firstField(menu).focus();
    } else if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus({ preventScroll: true });
  }

  /** Close all menus; whether any was open. */
  function closeAll() {
    const open = Object.keys(MENUS).filter((buttonId) => byId(MENUS[buttonId]) !== null && !byId(MENUS[buttonId]).hidden);
    for (const buttonId of open) setOpen(buttonId, false);
    return open.length > 0;
  }

  /** Open the menu of a button, or close it. */
  function toggle(buttonId) {
    const menu = byId(MENUS[buttonId]);
    if (menu === null) return;
    const open = menu.hidden;
    closeAll();
    if (open) setOpen(buttonId, true);
  }

  /** A click that is neither in an open menu nor on its button closes it. */
  function onClick(target) {
    for (const [buttonId, menuId] of Object.entries(MENUS)) {
      const menu = byId(menuId);
      if (menu === null || menu.hidden || target.closest(`#${buttonId}`) !== null) continue;
      const sheet = menu.querySelector(".wp-map-keys-sheet") || menu;
      if (!sheet.contains(target)) setOpen(buttonId, false);
    }
  }

  /** Say something for some seconds. */
  function say(text) {
    const line = byId("live-message");
    if (line === null) return;
    clearTimeout(fading);
    line.textContent = text;
    line.hidden = false;
    fading = setTimeout(() => (line.hidden = true), MESSAGE_MS);
  }

  /** Say nothing any more: it is over. */
  function unsay() {
    const line = byId("live-message");
    if (line === null) return;
    clearTimeout(fading);
    line.hidden = true;
  }

  global.waypost.menus = { MENUS, toggle, closeAll, onClick, say, unsay };
})(globalThis);
