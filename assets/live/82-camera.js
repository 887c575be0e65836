/* Where the map looks: fitted once to the devices, brought to a device, and the part that no panel covers. */
(function (global) {
  "use strict";
  const { projection } = global.waypost;
  const FIT_MOST_ZOOM = 15;
  const BOX_MARGIN = 0.5; // of the window, at each side
  const BOX_MOST = 6; // windows that a box may be wide
  const MARGIN = 40;
  const COVERS = ["live-panel", "live-card", "live-kiosk"];

  function covering(id) {
    const element = document.getElementById(id);
    if (element === null) return null;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden" ? box : null;
  }

  /** What panels cover of the map at each side: {left, right, bottom}, in pixels, with a margin. */
  function insets(map) {
    const frame = map.getContainer().getBoundingClientRect();
    const inset = { left: MARGIN, right: MARGIN, bottom: MARGIN, top: MARGIN };
    for (const id of COVERS) {
      const box = covering(id);
      if (box === null) continue;
      if (box.width > frame.width * 0.7 || id === "live-kiosk") inset.bottom = Math.max(inset.bottom, Math.min(frame.height * 0.6, frame.bottom - box.top) + MARGIN / 2);
      else if (box.left - frame.left < frame.right - box.right) inset.left = Math.max(inset.left, box.right - frame.left + MARGIN);
      else inset.right = Math.max(inset.right, frame.right - box.left + MARGIN);
    }
    return inset;
  }

  /** Steer the map. `place` {lat, lon, zoom} or null comes from the address and keeps the map from fitting. */
  function create(map, place) {
    const container = map.getContainer();
    const touched = new AbortController();
    let chosen = false;
    let fitted = place !== null;
    const choose = () => (chosen = fitted = true);
    // dash-leaflet sets its own first view after the layers were added: ours must come later.
    const looking = setTimeout(() => {
      if (place === null || chosen) return;
      choose();
      map.setView([place.lat, place.lon], place.zoom, { animate: false });
    }, 0);
    const listen = (type, run) => container.addEventListener(type, run, { signal: touched.signal, passive: true });
    listen("wheel", choose);
    listen("dblclick", choose);
    listen("keydown", choose);
    listen("pointerdown", (event) => {
      const onButton = event.target instanceof Element && event.target.closest(".leaflet-control") !== null;
      if (onButton || !event.isPrimary) choose(); // a zoom button, or a second finger
    });
    map.on("dragstart", choose);

    /** Fit the map to the devices, the first time there are any. `extentOf(store)` gives their box or null. */
    function fitOnce(extentOf, store) {
      if (fitted) return;
      fitted = fit(extentOf(store), false);
    }

    /** Fit the map to a world box {minX, minY, maxX, maxY}; false where it is null. */
    function fit(box, animate) {
      if (box === null) return false;
      const south = projection.latitude(box.maxY);
      const north = projection.latitude(box.minY);
      const corners = [[south, projection.longitude(box.minX)], [north, projection.longitude(box.maxX)]];
      const inset = insets(map);
      map.fitBounds(corners, {
        paddingTopLeft: [inset.left, inset.top],
        paddingBottomRight: [inset.right, inset.bottom],
        maxZoom: FIT_MOST_ZOOM,
        animate,
      });
      return true;
    }

    /** The window and half of it at each side, as [west, south, east, north] in degrees; null before the first look,
        and where it is the whole world. */
    function boxAround() {
      if (!fitted) return null;
      const bounds = map.getBounds().pad(BOX_MARGIN);
      if (bounds.getEast() - bounds.getWest() >= 360) return null;
      const turn = (lon) => ((((lon + 180) % 360) + 360) % 360) - 180;
      const clip = (lat) => Math.max(-90, Math.min(90, lat));
      return [turn(bounds.getWest()), clip(bounds.getSouth()), turn(bounds.getEast()), clip(bounds.getNorth())].map((one) => Math.round(one * 1e5) / 1e5);
    }

    /** Whether a box that was asked for still does: the window is within it, and not a small part of it. */
    function isGoodBox(box) {
      const bounds = map.getBounds();
      const [west, south, east, north] = box;
      const turn = (lon) => (((lon - west) % 360) + 360) % 360;
      const wide = turn(east);
      const inside = bounds.getSouth() >= south && bounds.getNorth() <= north && turn(bounds.getWest()) <= turn(bounds.getEast()) && turn(bounds.getEast()) <= wide;
      return inside && (bounds.getEast() - bounds.getWest()) * BOX_MOST >= wide;
    }

    /** Bring a point of the window into the middle of the free part, unless it is well inside already. */
    function show(point) {
      if (point === null) return;
      const size = map.getSize();
      const inset = insets(map);
      const inside = point.x > inset.left && point.x < size.x - inset.right && point.y > inset.top && point.y < size.y - inset.bottom;
      if (inside) return;
      const middle = global.L.point((inset.left + size.x - inset.right) / 2, (inset.top + size.y - inset.bottom) / 2);
      map.panBy(point.subtract(middle), { animate: true, duration: 0.4 });
      choose();
    }

    /** A function that tells whether the device in a slot is in the window now. */
    function isInView(store) {
      const box = map.getPixelBounds();
      const scale = projection.scaleAt(map.getZoom());
      return (slot) => {
        const x = store.x[slot] * scale;
        const y = store.y[slot] * scale;
        return x >= box.min.x && x <= box.max.x && y >= box.min.y && y <= box.max.y;
      };
    }

    /** The place to remember in the address: null until somebody has moved the map. */
    function chosenPlace() {
      if (!chosen) return null;
      const centre = map.getCenter();
      return { lat: centre.lat, lon: centre.lng, zoom: map.getZoom() };
    }

    function detach() {
      clearTimeout(looking);
      touched.abort();
      map.off("dragstart", choose);
    }

    return { fitOnce, fit, boxAround, isGoodBox, show, isInView, chosenPlace, detach };
  }

  global.waypost.camera = { insets, create };
})(globalThis);
