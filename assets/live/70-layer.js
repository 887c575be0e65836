/* The canvas of the devices and when it is drawn; it takes the ground below along. */
(function (global) {
  "use strict";
  const { store: stores, surface: surfaces, ground: grounds, draw, density, sprites, hitGrid, projection, colouring, alerted } = global.waypost;
  const PAD = 160;
  const GLIDE_MOST_DEVICES = 5000;
  const GLIDE_MOST_COST_MS = 12;
  const REST = 4; // after a drawing of 1 ms the main thread is left alone for 4 ms: at most a fifth of its time
  const REST_MOVING = 1; // while the user drags, the map itself comes first
  const GLIDE_STEP_PX = 0.5;
  const GROW_OLD_MS = 900; // where no frame causes a drawing, devices must still grow old

  /** Put the canvases on the map. `scene` is described in 64-scene.js. */
  function attach(map, scene) {
    let colours = sprites.readColours();
    const ground = grounds.attach(map, scene, () => colours);
    const devices = surfaces.create(map, "wp-devices", 450, PAD);
    const scratch = draw.createScratch();
    const calm = global.matchMedia("(prefers-reduced-motion: reduce)");
    const stats = { drawn: 0, visible: 0, ringed: 0, drawings: 0, costMs: 0, lastMs: 0, ground: ground.stats };
    let rows = colouring.rowsOf(scene.colouring, colours);
    let grid = null;
    let zooming = false;
    let moving = false;
    let frame = 0;
    let timer = 0;
    let restUntil = 0;
    let drawnAt = 0;

    function glides() {
      return scene.shows.glide && !calm.matches && stats.drawn <= GLIDE_MOST_DEVICES && stats.costMs < GLIDE_MOST_COST_MS;
    }

    function drawDevices() {
      const started = performance.now();
      const view = surfaces.place(devices);
      const { fastest } = draw.drawDevices(devices.ctx, scratch, scene.store, view, {
        now: started,
        serverMs: scene.serverMs(),
        glide: glides(),
        accepts: scene.accepts(),
        alerted: alerted.flagsOf(scene.alerted, scene.store),
        chosen: scene.chosen,
        selected: scene.selected,
        hovered: scene.hovered,
        rows,
        rowOf: colouring.rowOf(scene.colouring, scene.store),
        named: scene.shows.names,
        dense: scene.shows.density,
        colours,
      });
      grid = null;
      const ended = performance.now();
      stats.lastMs = ended - started;
      stats.costMs = stats.costMs * 0.8 + stats.lastMs * 0.2;
      stats.drawn = scratch.n;
      stats.visible = scratch.visible;
      stats.ringed = scratch.ringed;
      stats.drawings++;
      drawnAt = ended;
      restUntil = ended + stats.lastMs * (moving ? REST_MOVING : REST);
      scene.onDrawn();
      if (fastest > 0) wake(Math.min(250, GLIDE_STEP_PX / fastest));
    }

    function drawGround() {
      if (!zooming) ground.draw();
    }

    /** Once a second. */
    function beat() {
      if (zooming) return;
      ground.beat();
      if (performance.now() - drawnAt > GROW_OLD_MS) wake();
    }

    function onFrame() {
      frame = 0;
      if (!zooming) drawDevices();
    }

    /** Draw after `delay` ms, later if the main thread has not rested yet; never twice in a frame, and not at all
        while nobody can see it. */
    function wake(delay = 0) {
      if (frame !== 0 || zooming || document.hidden) return;
      const wait = Math.max(delay, restUntil - performance.now());
      clearTimeout(timer);
      timer = 0;
      if (wait > 16) timer = setTimeout(() => wake(0), wait);
      else frame = requestAnimationFrame(onFrame);
    }

    /** Draw everything now. */
    function redrawAll() {
      if (zooming || document.hidden) return;
      drawGround();
      drawDevices();
    }

    /** Colours mean something else, or the theme has others. */
    function recolour() {
      colours = sprites.readColours();
      rows = colouring.rowsOf(scene.colouring, colours);
      redrawAll();
    }

    function hit(windowPoint, radius) {
      const { view } = devices;
      if (view === null || zooming) return -1;
      if (grid === null) grid = hitGrid.build(scratch.xs, scratch.ys, scratch.n, view.width, view.height);
      const at = surfaces.fromWindow(devices, windowPoint);
      const found = hitGrid.nearest(grid, at.x, at.y, radius);
      return found < 0 ? -1 : scratch.slots[found];
    }

    /** Slots of the devices in view between two points of the window, merged ones too. */
    function within(one, other) {
      const [a, b] = [one, other].map((point) => surfaces.fromWindow(devices, point));
      const slots = [];
      for (let i = 0; i < scratch.visible; i++) {
        const [x, y] = [scratch.vx[i], scratch.vy[i]];
        if (x >= Math.min(a.x, b.x) && x <= Math.max(a.x, b.x) && y >= Math.min(a.y, b.y) && y <= Math.max(a.y, b.y)) slots.push(scratch.vslot[i]);
      }
      return slots;
    }

    /** The hexagon under a point of the window: {number, point}; null where none is drawn. */
    function hexagonAt(windowPoint) {
      if (!scratch.density.shown || zooming) return null;
      const at = surfaces.fromWindow(devices, windowPoint);
      const found = density.at(scratch.density, at.x, at.y);
      return found === null ? null : { number: found.number, point: global.L.point(found.x - at.x, found.y - at.y).add(windowPoint) };
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
        if (ground.isBehind()) drawGround();
      },
      moveend: () => {
        moving = false;
        redrawAll();
      },
      zoomanim: (event) => {
        zooming = true;
        ground.animateZoom(event);
        surfaces.animateZoom(devices, event);
      },
      zoomend: () => {
        zooming = false;
        redrawAll();
      },
      resize: redrawAll,
    };
    map.on(listeners);
    const theme = new MutationObserver(recolour);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
    redrawAll();

    return {
      stats, wake, drawGround, beat, redrawAll, recolour, hit, within, hexagonAt, windowPointOf,
      colours: () => colours,
      density: scratch.density,
      named: () => scratch.labels.named.size,
      detach() {
        map.off(listeners);
        theme.disconnect();
        clearTimeout(timer);
        cancelAnimationFrame(frame);
        ground.remove();
        surfaces.remove(devices);
      },
    };
  }

  global.waypost.layer = { attach };
})(globalThis);
