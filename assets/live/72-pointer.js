/* The pointer on the map: a tooltip over the device under it, a click selects it, a click on nothing lets go. */
(function (global) {
  "use strict";
  const HOVER_RADIUS = 14;
  const TOUCH_RADIUS = 24;

  /** The content of the tooltip. Names come from devices: they are set as text, never as HTML. */
  function fillTip(element, lines) {
    element.replaceChildren();
    const name = document.createElement("strong");
    name.textContent = lines.name;
    const facts = document.createElement("span");
    facts.textContent = lines.facts;
    element.append(name, facts);
  }

  /** Listen to the map. `actions`: hit(point, radius), describe(slot), placeOf(slot), hover(slot), select(slot). */
  function attach(map, actions) {
    const L = global.L;
    const element = document.createElement("div");
    const tip = L.tooltip({ direction: "top", offset: [0, -14], className: "wp-tip", opacity: 1 }).setContent(element);
    const touch = global.matchMedia("(pointer: coarse)");
    let hovered = -1;
    let asked = 0;
    let last = null;

    function show(slot) {
      if (slot !== hovered) {
        hovered = slot;
        map.getContainer().classList.toggle("wp-hit", slot >= 0);
        actions.hover(slot);
      }
      if (slot < 0) map.closeTooltip(tip);
      else refresh();
    }

    /** Keep the tooltip at its device and its words true; called after each drawing. */
    function refresh() {
      if (hovered < 0) return;
      const place = actions.placeOf(hovered);
      if (place === null) return;
      fillTip(element, actions.describe(hovered));
      tip.setLatLng(map.containerPointToLatLng(place));
      if (!map.hasLayer(tip)) map.openTooltip(tip);
    }

    const listeners = {
      mousemove(event) {
        last = event.containerPoint;
        if (asked === 0 && !touch.matches) {
          asked = requestAnimationFrame(() => {
            asked = 0;
            show(actions.hit(last, HOVER_RADIUS));
          });
        }
      },
      mouseout: () => show(-1),
      dragstart: () => show(-1),
      zoomstart: () => show(-1),
      click: (event) => actions.select(actions.hit(event.containerPoint, touch.matches ? TOUCH_RADIUS : HOVER_RADIUS)),
    };
    map.on(listeners);
    return {
      refresh,
      detach() {
        map.off(listeners);
        cancelAnimationFrame(asked);
        map.closeTooltip(tip);
      },
    };
  }

  global.waypost.pointer = { attach };
})(globalThis);
