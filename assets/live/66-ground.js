/* The canvas under the devices: the graticule, overlays such as the heat map, and trails. */
(function (global) {
  "use strict";
  const { surface: surfaces, trails, graticule } = global.waypost;
  const PAD = 256;
  const TRAILS_MOST_DEVICES = 2000;
  const REST = 50; // the fading of trails is worth a fiftieth of the time
  const EVERY_MS = 5000;

  /** Put the ground on the map. `scene` is that of the layer; `colours()` gives those of the theme. */
  function attach(map, scene, colours) {
    const surface = surfaces.create(map, "wp-ground", 410, PAD);
    const stats = { lastMs: 0, trails: "none" };
    let dueAt = 0;

    /** Which trails are drawn now: of all, where there are not too many devices for that, of the chosen, or none. */
    function trailsShown() {
      if (scene.shows.trails === "all" && scene.store.count > TRAILS_MOST_DEVICES) return "selected";
      return scene.shows.trails;
    }

    function drawTrails(view, now, drawBroad) {
      const which = (stats.trails = trailsShown());
      const { ctx } = surface;
      const accepts = scene.accepts();
      const wanted = accepts === null ? null : (slot) => accepts(slot, scene.stateOf(slot));
      if (which === "all") drawBroad(ctx, scene.ring, view, colours(), now, wanted);
      if (which !== "none" && scene.chosen.size > 0) trails.drawChosen(ctx, scene.ring, view, colours(), now, scene.chosen, scene.pasts);
    }

    /** Draw all of it anew. */
    function draw() {
      const now = performance.now();
      const view = surfaces.place(surface);
      const { ctx } = surface;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
      if (!scene.tiles()) graticule.draw(ctx, view, colours(), PAD, scene.clear());
      for (const overlay of scene.overlays) overlay.draw(ctx, view, colours());
      drawTrails(view, now, trails.drawAll);
      stats.lastMs = performance.now() - now;
      dueAt = now + Math.max(EVERY_MS, stats.lastMs * REST);
    }

    /** Once a second: let the trails grow, and at times fade. */
    function beat() {
      const now = performance.now();
      if (surface.view === null || trailsShown() === "none") return;
      if (now >= dueAt) draw();
      else drawTrails(surface.view, now, trails.drawNew);
    }

    return {
      stats,
      draw,
      beat,
      isBehind: () => surfaces.isNearEdge(surface) || surface.zoom !== map.getZoom(),
      animateZoom: (event) => surfaces.animateZoom(surface, event),
      remove: () => surfaces.remove(surface),
    };
  }

  global.waypost.ground = { attach };
})(globalThis);
