/* A canvas that lies on the map: somewhat larger than the window, so that it can be dragged with the map, and
   scaled by CSS while the map animates a zoom. */
(function (global) {
  "use strict";
  const { projection } = global.waypost;
  const MOST_PIXEL_RATIO = 2;

  /** A canvas in a pane of its own. `pad` is how far it reaches beyond the window, in pixels. */
  function create(map, paneName, zIndex, pad) {
    const L = global.L;
    const pane = map.getPane(paneName) || map.createPane(paneName);
    pane.style.zIndex = zIndex;
    pane.style.pointerEvents = "none";
    const canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated wp-canvas", pane);
    canvas.setAttribute("aria-hidden", "true");
    return { map, pad, canvas, ctx: canvas.getContext("2d"), topLeft: L.point(0, 0), corner: null, zoom: NaN, view: null };
  }

  /** Lay the canvas under the window as it is now and return the view to draw with. Resizing clears it. */
  function place(surface) {
    const { map, canvas, pad } = surface;
    const L = global.L;
    const window_ = map.getSize();
    const width = window_.x + 2 * pad;
    const height = window_.y + 2 * pad;
    const pixelRatio = Math.min(MOST_PIXEL_RATIO, global.devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * pixelRatio) || canvas.height !== Math.round(height * pixelRatio)) {
      canvas.width = Math.round(width * pixelRatio);
      canvas.height = Math.round(height * pixelRatio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    surface.topLeft = map.containerPointToLayerPoint(L.point(-pad, -pad)).round();
    surface.corner = map.layerPointToLatLng(surface.topLeft);
    surface.zoom = map.getZoom();
    L.DomUtil.setTransform(canvas, surface.topLeft, 1);
    const origin = map.getPixelOrigin();
    surface.view = {
      scale: projection.scaleAt(surface.zoom),
      left: origin.x + surface.topLeft.x,
      top: origin.y + surface.topLeft.y,
      width,
      height,
      pixelRatio,
    };
    return surface.view;
  }

  /** Whether the map was dragged so far that the edge of the canvas is near. */
  function isNearEdge(surface) {
    const here = surface.map.containerPointToLayerPoint([-surface.pad, -surface.pad]);
    const limit = surface.pad * 0.6;
    return Math.abs(here.x - surface.topLeft.x) > limit || Math.abs(here.y - surface.topLeft.y) > limit;
  }

  /** Follow a zoom animation (the map's zoomanim event) by CSS. */
  function animateZoom(surface, event) {
    if (surface.corner === null) return;
    const { map } = surface;
    const scale = map.getZoomScale(event.zoom, surface.zoom);
    const corner = map._latLngToNewLayerPoint(surface.corner, event.zoom, event.center); // as L.ImageOverlay does
    global.L.DomUtil.setTransform(surface.canvas, corner, scale);
  }

  /** Place on the canvas of a point of the window. */
  function fromWindow(surface, point) {
    return surface.map.containerPointToLayerPoint(point).subtract(surface.topLeft);
  }

  /** Take the canvas off the map. */
  function remove(surface) {
    surface.canvas.remove();
  }

  global.waypost.surface = { create, place, isNearEdge, animateZoom, fromWindow, remove };
})(globalThis);
