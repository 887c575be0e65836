/* The pointer on the map: a tooltip over the device or hexagon under it, a click selects a device, with Shift one more, a
   click on nothing lets go. */
(function (global) {
  "use strict";
  const { format } = global.waypost;
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

  /** Listen to the map. `actions`: hit(point, radius), hexagonAt(point), describe(slot), placeOf(slot), hover(slot),
      click(slot, latlng, adding). */
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
      if (slot >= 0) refresh();
      else if (last === null || !showHexagon(actions.hexagonAt(last))) map.closeTooltip(tip);
    }

    function showHexagon(found) {
      if (found === null) return false;
      fillTip(element, { name: found.number === 1 ? "1 device" : `${format.number(found.number, 6)} devices`, facts: "Zoom in to see them" });
      openAt(found.point);
      return true;
    }

    function openAt(point) {
      tip.setLatLng(map.containerPointToLatLng(point));
      if (!map.hasLayer(tip)) map.openTooltip(tip);
    }

    /** Keep the tooltip at its device and its words true; called after each drawing. */
    function refresh() {
      if (hovered < 0) return;
      const place = actions.placeOf(hovered);
      if (place === null) return;
      fillTip(element, actions.describe(hovered));
      openAt(place);
    }

    function onClick(event) {
      const { containerPoint: point, originalEvent } = event;
      const slot = actions.hit(point, touch.matches ? TOUCH_RADIUS : HOVER_RADIUS);
      const hexagon = slot < 0 ? actions.hexagonAt(point) : null;
      if (hexagon === null) actions.click(slot, event.latlng, originalEvent.shiftKey);
      else map.setView(map.containerPointToLatLng(hexagon.point), map.getZoom() + 2);
    }

    const leave = () => {
      last = null;
      show(-1);
    };
    const listeners = {
      mousemove(event) {
        last = event.containerPoint;
        if (asked === 0 && !touch.matches) {
          asked = requestAnimationFrame(() => {
            asked = 0;
            if (last !== null) show(actions.hit(last, HOVER_RADIUS));
          });
        }
      },
      mouseout: leave,
      dragstart: leave,
      zoomstart: leave,
      click: onClick,
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
