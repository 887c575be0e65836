/* Where devices have just been: a ring of the newest movements, drawn faintly, so that streets, lanes and
   airways show themselves on a map without tiles. Memory is bounded by the ring. */
(function (global) {
  "use strict";
  const CAPACITY = 32768;
  const KEEP_MS = 15 * 60000;
  const LONGEST_GAP_MS = 5 * 60000;
  const FARTHEST = 0.02; // world units, about 3 km: longer steps say nothing of the way between
  const SETTLE_MS = 1200; // the glyph glides for so long; a trail must not run ahead of it
  const AGES = [3, 7, 15].map((minutes) => minutes * 60000);
  const STRENGTHS = [1, 0.66, 0.4];

  /** An empty ring of movements. */
  function create() {
    const column = () => new Float64Array(CAPACITY);
    return { ax: column(), ay: column(), bx: column(), by: column(), at: column(), slot: new Int32Array(CAPACITY), end: 0, shown: 0 };
  }

  /** Remember a movement at time `now` of the drawing clock; gaps and leaps are left out. */
  function add(ring, slot, ax, ay, bx, by, gapMs, now) {
    if (gapMs > LONGEST_GAP_MS || Math.abs(bx - ax) > FARTHEST || Math.abs(by - ay) > FARTHEST) return;
    const i = ring.end % CAPACITY;
    ring.ax[i] = ax;
    ring.ay[i] = ay;
    ring.bx[i] = bx;
    ring.by[i] = by;
    ring.at[i] = now;
    ring.slot[i] = slot;
    ring.end++;
  }

  /** Numbers [first, last) of the movements that are settled and not too old. */
  function settled(ring, now) {
    let first = Math.max(0, ring.end - CAPACITY);
    let last = ring.end;
    while (last > first && ring.at[(last - 1) % CAPACITY] > now - SETTLE_MS) last--;
    while (first < last && ring.at[first % CAPACITY] < now - KEEP_MS) first++;
    return [first, last];
  }

  function outside(view, ax, ay, bx, by) {
    return (ax < 0 && bx < 0) || (ay < 0 && by < 0) || (ax > view.width && bx > view.width) || (ay > view.height && by > view.height);
  }

  function line(ctx, view, x0, y0, x1, y1) {
    const ax = x0 * view.scale - view.left;
    const ay = y0 * view.scale - view.top;
    const bx = x1 * view.scale - view.left;
    const by = y1 * view.scale - view.top;
    if (outside(view, ax, ay, bx, by)) return;
    ctx.moveTo(ax, ay);
    ctx.lineTo(bx, by);
  }

  function trace(ctx, ring, view, first, last, wanted) {
    for (let number = first; number < last; number++) {
      const i = number % CAPACITY;
      if (wanted === null || wanted(ring.slot[i])) line(ctx, view, ring.ax[i], ring.ay[i], ring.bx[i], ring.by[i]);
    }
  }

  function prepare(ctx, view, colour, width, cap) {
    ctx.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    ctx.lineCap = cap;
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.beginPath();
  }

  /** Draw the movements of all devices, or of those that `wanted(slot)` names; the older the fainter. */
  function drawAll(ctx, ring, view, colours, now, wanted = null) {
    const [first, last] = settled(ring, now);
    prepare(ctx, view, colours.trail, 1.5, "butt");
    let end = last;
    for (let step = 0; step < AGES.length; step++) {
      let begin = end;
      while (begin > first && ring.at[(begin - 1) % CAPACITY] >= now - AGES[step]) begin--;
      ctx.globalAlpha = STRENGTHS[step];
      ctx.beginPath();
      trace(ctx, ring, view, begin, end, wanted);
      ctx.stroke();
      end = begin;
    }
    ctx.globalAlpha = 1;
    ring.shown = last;
  }

  /** Draw only what has settled since the last drawing. */
  function drawNew(ctx, ring, view, colours, now, wanted = null) {
    const [first, last] = settled(ring, now);
    prepare(ctx, view, colours.trail, 1.5, "butt");
    trace(ctx, ring, view, Math.max(first, ring.shown), last, wanted);
    ctx.stroke();
    ring.shown = last;
  }

  /** Draw the movements of the chosen devices (a Set of slots) strongly, and the steps of their pasts before them (a
      Map of slot to [ax, ay, bx, by, ...]). */
  function drawChosen(ctx, ring, view, colours, now, chosen, pasts) {
    const [first, last] = settled(ring, now);
    prepare(ctx, view, colours.accent, 3, "round");
    ctx.globalAlpha = 0.8;
    for (const [slot, steps] of pasts) {
      if (!chosen.has(slot)) continue;
      for (let i = 0; i < steps.length; i += 4) line(ctx, view, steps[i], steps[i + 1], steps[i + 2], steps[i + 3]);
    }
    trace(ctx, ring, view, first, last, (slot) => chosen.has(slot));
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  global.waypost = global.waypost || {};
  global.waypost.trails = { CAPACITY, create, add, settled, drawAll, drawNew, drawChosen };
})(globalThis);
