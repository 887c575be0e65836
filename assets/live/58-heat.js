/* Where devices spent the last hour: counts by the tiles of a deep zoom (GET /api/v1/heat), as a soft glow under the
   trails. It is the model of an overlay: docs/live-map.md tells how another one is added. */
(function (global) {
  "use strict";
  const { projection, scale } = global.waypost;
  const SPAN_MS = 3600e3;
  const EVERY_MS = 60000;
  const CELLS = 256; // on the longer side of the box
  const SHADES = 64;
  const STRONGEST = 0.78;
  const EDGE = 2; // cells around all others, for the glow to fade out in

  /** The shades of a ramp from little to much as [r, g, b, a], 0 to 255: what is little is faint as well. */
  function shadesOf(ramp) {
    return scale.rampOf(ramp, SHADES).map((colour, i) => {
      const alpha = STRONGEST * (i / (SHADES - 1));
      return [...colour.match(/\d+/g).map(Number), Math.round(alpha * 255)];
    });
  }

  /** Number of the shade of a count: by its logarithm, for a depot has thousands where a road has some. */
  function shadeOf(count, most) {
    return Math.round((Math.log1p(count) / Math.log1p(most)) * (SHADES - 1));
  }

  /** The cells of a grid, row by row, each with a part of its neighbours (1 2 1 along each axis, 4 in the middle of 16):
      single fixes become a glow, and those along a road a line. */
  function soften(cells, width) {
    const along = (values, step) => values.map((value, i) => (value + ((values[i - step] || 0) + (values[i + step] || 0)) / 2) / 2);
    return along(along(cells, 1), width);
  }

  /** Paint an answer {zoom, x, y, count} (columns), one pixel a tile: {image, x, y, size, ramp} with the corner and the
      size of a pixel in world units, or null without any. */
  function paint(found, ramp) {
    const n = found.x.length;
    if (n === 0) return null;
    const bounds = (values) => values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    const [[left, right], [top, bottom]] = [bounds(found.x), bounds(found.y)];
    const [width, height] = [right - left + 1 + 2 * EDGE, bottom - top + 1 + 2 * EDGE];
    const image = new OffscreenCanvas(width, height);
    const ctx = image.getContext("2d");
    const pixels = ctx.createImageData(width, height);
    const counts = new Float32Array(width * height);
    for (let i = 0; i < n; i++) counts[(found.y[i] - top + EDGE) * width + found.x[i] - left + EDGE] = found.count[i];
    const soft = soften(counts, width);
    const most = soft.reduce((a, b) => Math.max(a, b));
    const shades = shadesOf(ramp);
    soft.forEach((count, i) => count > 0 && pixels.data.set(shades[shadeOf(count, most)], 4 * i));
    ctx.putImageData(pixels, 0, 0);
    const size = projection.WORLD / projection.scaleAt(found.zoom);
    return { image, x: (left - EDGE) * size, y: (top - EDGE) * size, size, ramp: ramp.join() };
  }

  /** Keep the heat map of a page (90-live.js); `env` has fetch, now and wallMs. */
  function create(page, env) {
    const { scene } = page;
    let found = null;
    let painted = null;
    let asked = { box: undefined, at: -Infinity };
    let asking = null;

    const overlay = {
      id: "heat",
      draw(ctx, view, colours) {
        if (found === null) return;
        if (painted === null || painted.ramp !== colours.ramp.join()) painted = paint(found, colours.ramp);
        if (painted === null) return;
        const { image, x, y, size } = painted;
        ctx.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
        ctx.imageSmoothingEnabled = true;
        ctx.imageSmoothingQuality = "high";
        ctx.drawImage(image, x * view.scale - view.left, y * view.scale - view.top, image.width * size * view.scale, image.height * size * view.scale);
      },
    };

    async function ask(box) {
      asked = { box: JSON.stringify(box), at: env.now() };
      const mine = new AbortController();
      asking = mine;
      const from = new Date(scene.serverMs() - SPAN_MS).toISOString();
      const where = box === null ? "" : `&bbox=${box.join(",")}`;
      try {
        const answer = await env.fetch(`/api/v1/heat?from=${from}&cells=${CELLS}${where}`, { signal: mine.signal });
        if (answer.ok && asking === mine) {
          found = await answer.json();
          painted = null;
          page.surface.drawGround();
        }
      } catch {
        // The glow stays as it was; the indicator says what is wrong with the connection.
      } finally {
        if (asking === mine) asking = null;
      }
    }

    function drop() {
      if (asking !== null) asking.abort();
      asking = found = painted = null;
      asked = { box: undefined, at: -Infinity };
    }

    /** Show it or not, as the scene says; ask for it where the window has moved on or a minute has passed. */
    function refresh() {
      const shown = scene.overlays.includes(overlay);
      if (scene.shows.heat !== shown) {
        scene.overlays = shown ? scene.overlays.filter((one) => one !== overlay) : [...scene.overlays, overlay];
        if (shown) drop();
        page.surface.drawGround();
      }
      if (!scene.shows.heat || document.hidden) return;
      const box = page.view.boxAround();
      const moved = asked.box !== JSON.stringify(box);
      if (env.now() - asked.at > (moved ? 0 : EVERY_MS) && asking === null) ask(box);
    }

    /** How many the strongest glow stands for; null where none is shown. */
    function most() {
      if (!scene.shows.heat || found === null || found.count.length === 0) return null;
      return found.count.reduce((a, b) => Math.max(a, b));
    }

    return { refresh, most, detach: drop };
  }

  global.waypost.heat = { shadesOf, shadeOf, soften, paint, create };
})(globalThis);
