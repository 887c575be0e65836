/* Shift and a drag draw a box on the map: the devices within are selected. Leaflet's own zooming by box is turned off. */
(function (global) {
  "use strict";
  const LEAST_PX = 5; // less is a click

  /** Listen on a map. `actions.pick(one, other)` gets two corners as points of the window. */
  function attach(map, actions) {
    const container = map.getContainer();
    const ending = new AbortController();
    const frame = document.createElement("div");
    frame.className = "wp-map-box";
    map.boxZoom.disable();
    let from = null;

    const pointOf = (event) => map.mouseEventToContainerPoint(event);

    function follow(event) {
      const to = pointOf(event);
      if (!frame.isConnected && to.distanceTo(from) < LEAST_PX) return;
      if (!frame.isConnected) container.append(frame);
      Object.assign(frame.style, {
        left: `${Math.min(from.x, to.x)}px`,
        top: `${Math.min(from.y, to.y)}px`,
        width: `${Math.abs(from.x - to.x)}px`,
        height: `${Math.abs(from.y - to.y)}px`,
      });
    }

    function release(event) {
      const drawn = frame.isConnected;
      const start = from;
      from = null;
      frame.remove();
      map.dragging.enable();
      if (!drawn || event.type !== "pointerup") return;
      // The click that the browser sends after it is none.
      container.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
      setTimeout(() => actions.pick(start, pointOf(event)), 0);
    }

    function press(event) {
      if (!event.shiftKey || event.button !== 0 || !event.isPrimary || event.target.closest(".leaflet-control") !== null) return;
      from = pointOf(event);
      map.dragging.disable();
    }

    const on = (target, type, run) => target.addEventListener(type, run, { signal: ending.signal, capture: true });
    on(container, "pointerdown", press);
    on(document, "pointermove", (event) => from !== null && follow(event));
    on(document, "pointerup", (event) => from !== null && release(event));
    on(document, "pointercancel", (event) => from !== null && release(event));
    return {
      detach() {
        ending.abort();
        frame.remove();
      },
    };
  }

  global.waypost.box = { attach };
})(globalThis);
