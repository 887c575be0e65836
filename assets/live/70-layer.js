/* The two canvases of the live map and when they are drawn: the ground (graticule, trails) and the devices. */
(function (global) {
  "use strict";
  const { store: stores, surface: surfaces, draw, trails, graticule, sprites, hitGrid, projection } = global.waypost;
  const DEVICES_PAD = 160;
  const GROUND_PAD = 256;
  const GLIDE_MOST_DEVICES = 5000;
  const GLIDE_MOST_COST_MS = 12;
  const TRAILS_MOST_DEVICES = 2000;
  const GROUND_REST = 50; // the fading of trails is worth a fiftieth of the time
  const GROUND_EVERY_MS = 5000;
  const REST = 4; // after a drawing of 1 ms the main thread is left alone for 4 ms: at most a fifth of its time
  const REST_MOVING = 1; // while the user drags, the map itself comes first
  const GLIDE_STEP_PX = 0.5;

  /** Put the canvases on the map. `scene` has store, ring (trails), selected, past (steps of the
      selected), hovered, only, tiles. */
  function attach(map, scene) {
    const ground = surfaces.create(map, "wp-ground", 410, GROUND_PAD);
    const devices = surfaces.create(map, "wp-devices", 450, DEVICES_PAD);
    const scratch = draw.createScratch();
    const calm = global.matchMedia("(prefers-reduced-motion: reduce)");
    const stats = { drawn: 0, drawings: 0, costMs: 0, lastMs: 0, groundMs: 0 };
    let colours = sprites.readColours();
    let grid = null;
    let zooming = false;
    let moving = false;
    let frame = 0;
    let timer = 0;
    let restUntil = 0;
    let groundDueAt = 0;
    let drawnAt = 0;

    function glides() {
      return !calm.matches && stats.drawn <= GLIDE_MOST_DEVICES && stats.costMs < GLIDE_MOST_COST_MS;
    }

    function drawDevices() {
      const started = performance.now();
      const view = surfaces.place(devices);
      const { fastest } = draw.drawDevices(devices.ctx, scratch, scene.store, view, {
        now: started,
        serverMs: stores.serverNow(scene.store, Date.now()),
        glide: glides(),
        only: scene.only,
        selected: scene.selected,
        hovered: scene.hovered,
        colours,
      });
      grid = null;
      const ended = performance.now();
      stats.lastMs = ended - started;
      stats.costMs = stats.costMs * 0.8 + stats.lastMs * 0.2;
      stats.drawn = scratch.n;
      stats.drawings++;
      drawnAt = ended;
      restUntil = ended + stats.lastMs * (moving ? REST_MOVING : REST);
      scene.onDrawn();
      if (fastest > 0) wake(Math.min(250, GLIDE_STEP_PX / fastest));
    }

    function drawGround() {
      if (zooming) return;
      const now = performance.now();
      const view = surfaces.place(ground);
      const { ctx } = ground;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
      if (!scene.tiles) graticule.draw(ctx, view, colours, GROUND_PAD, scene.clear());
      if (showsTrails()) trails.drawAll(ctx, scene.ring, view, colours, now);
      if (scene.selected >= 0) trails.drawOne(ctx, scene.ring, view, colours, now, scene.selected, scene.past);
      stats.groundMs = performance.now() - now;
      groundDueAt = now + Math.max(GROUND_EVERY_MS, stats.groundMs * GROUND_REST);
    }

    function showsTrails() {
      return scene.store.count <= TRAILS_MOST_DEVICES;
    }

    /** Once a second: let the trails grow and at times fade, and devices grow old, where no frame does that. */
    function beat() {
      const now = performance.now();
      if (now >= groundDueAt && showsTrails()) drawGround();
      else growTrails(now);
      if (now - drawnAt > 900) wake();
    }

    function growTrails(now) {
      if (zooming || ground.view === null || !showsTrails()) return;
      trails.drawNew(ground.ctx, scene.ring, ground.view, colours, now);
      if (scene.selected >= 0) trails.drawOne(ground.ctx, scene.ring, ground.view, colours, now, scene.selected, scene.past);
    }

    function onFrame() {
      frame = 0;
      if (!zooming) drawDevices();
    }

    /** Draw after `delay` ms, later if the main thread has not rested yet; never twice in a frame. */
    function wake(delay = 0) {
      if (frame !== 0 || zooming) return;
      const wait = Math.max(delay, restUntil - performance.now());
      clearTimeout(timer);
      timer = 0;
      if (wait > 16) timer = setTimeout(() => wake(0), wait);
      else frame = requestAnimationFrame(onFrame);
    }

    function redrawAll() {
      if (zooming) return;
      drawGround();
      drawDevices();
    }

    function hit(windowPoint, radius) {
      const { view } = devices;
      if (view === null || zooming) return -1;
      if (grid === null) grid = hitGrid.build(scratch.xs, scratch.ys, scratch.n, view.width, view.height);
      const at = surfaces.fromWindow(devices, windowPoint);
      const found = hitGrid.nearest(grid, at.x, at.y, radius);
      return found < 0 ? -1 : scratch.slots[found];
    }

    /** Where a device is drawn, as a point of the map window; null when it has no place. */
    function windowPointOf(slot) {
      const { store } = scene;
      if (slot < 0 || Number.isNaN(store.x[slot])) return null;
      const part = glides() ? stores.progress(store, slot, performance.now()) : 1;
      const scale = projection.scaleAt(map.getZoom());
      const x = store.fromX[slot] + (store.x[slot] - store.fromX[slot]) * part;
      const y = store.fromY[slot] + (store.y[slot] - store.fromY[slot]) * part;
      return map.layerPointToContainerPoint(global.L.point(x * scale, y * scale).subtract(map.getPixelOrigin()));
    }

    const listeners = {
      movestart: () => (moving = true),
      move: () => {
        if (zooming) return;
        if (surfaces.isNearEdge(devices) || devices.zoom !== map.getZoom()) wake();
        if (surfaces.isNearEdge(ground) || ground.zoom !== map.getZoom()) drawGround();
      },
      moveend: () => {
        moving = false;
        redrawAll();
      },
      zoomanim: (event) => {
        zooming = true;
        surfaces.animateZoom(ground, event);
        surfaces.animateZoom(devices, event);
      },
      zoomend: () => {
        zooming = false;
        redrawAll();
      },
      resize: redrawAll,
    };
    map.on(listeners);
    const theme = new MutationObserver(() => {
      colours = sprites.readColours();
      redrawAll();
    });
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
    redrawAll();

    return {
      stats,
      wake,
      drawGround,
      beat,
      hit,
      windowPointOf,
      detach() {
        map.off(listeners);
        theme.disconnect();
        clearTimeout(timer);
        cancelAnimationFrame(frame);
        surfaces.remove(ground);
        surfaces.remove(devices);
      },
    };
  }

  global.waypost.layer = { attach };
})(globalThis);
