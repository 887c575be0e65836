/* Drawing the devices: find what is in view, draw devices within 2 px of each other once, copy sprites. Those in alert come
   before all others, and are drawn where the others are hexagons. */
(function (global) {
  "use strict";
  const { protocol, store: stores, sprites, labels, density } = global.waypost;
  const MERGE_PX = 2;
  const MERGE_CROWDED_PX = 4;
  const MERGE_CROWDED_FROM = 10000; // devices in view: the eye does not see the difference any more
  const MERGE_DENSE_PX = 20; // rings over hexagons: however many are in alert, the ground stays to be seen
  const EDGE_PX = 16;
  const RADIUS = 10;
  const RADIUS_FAR = 8.5;
  const RADIUS_CROWDED = 7;
  const FAR_BELOW = 2 ** 11.75; // a whole city in the window
  const CROWDED = 1500;
  const NAMED_FROM = 2 ** 13; // some streets in the window
  const ALERTED = 3; // beside the states of the store
  const CHOSEN_OUT = 4; // px that the ring of a chosen device in alert lies further out

  /** Room for the drawing of one map, kept between frames so that nothing is allocated while it moves. */
  function createScratch() {
    return {
      capacity: 0, generation: 0, cells: new Uint16Array(0), visible: 0, marked: 0, n: 0, ringed: 0,
      sheets: new Map(), sheetKey: null, labels: labels.create(), density: density.create(),
    };
  }

  function fit(scratch, store, view) {
    if (scratch.capacity < store.capacity) {
      scratch.capacity = store.capacity;
      for (const key of ["vx", "vy", "xs", "ys"]) scratch[key] = new Float32Array(store.capacity);
      for (const key of ["vslot", "slots"]) scratch[key] = new Uint32Array(store.capacity);
      scratch.vstate = new Uint8Array(store.capacity);
    }
    scratch.columns = Math.ceil(view.width / MERGE_PX) + 2 * EDGE_PX;
    const cells = scratch.columns * (Math.ceil(view.height / MERGE_PX) + 2 * EDGE_PX);
    if (scratch.cells.length < cells) {
      scratch.cells = new Uint16Array(cells);
      scratch.generation = 0;
    }
    if (++scratch.generation > 0xffff) {
      scratch.cells.fill(0);
      scratch.generation = 1;
    }
  }

  /** Devices in view with their places in pixels. Returns how fast the fastest glide goes, in px per ms. */
  function findVisible(scratch, store, view, options) {
    let n = 0;
    let marked = 0;
    let fastest = 0;
    const { vx, vy, vslot, vstate } = scratch;
    const { accepts, alerted } = options;
    for (let slot = 0; slot < store.count; slot++) {
      const toX = store.x[slot];
      if (!(toX === toX)) continue; // NaN: not located
      let x = toX * view.scale - view.left;
      let y = store.y[slot] * view.scale - view.top;
      if (x < -EDGE_PX || y < -EDGE_PX || x > view.width + EDGE_PX || y > view.height + EDGE_PX) continue;
      const state = stores.stateOf(store, slot, options.serverMs);
      if (accepts !== null && !accepts(slot, state)) continue;
      const part = options.glide ? stores.progress(store, slot, options.now) : 1;
      if (part < 1) {
        const backX = (toX - store.fromX[slot]) * view.scale;
        const backY = (store.y[slot] - store.fromY[slot]) * view.scale;
        x -= backX * (1 - part);
        y -= backY * (1 - part);
        fastest = Math.max(fastest, Math.max(Math.abs(backX), Math.abs(backY)) / store.glideMs[slot]);
      }
      vx[n] = x;
      vy[n] = y;
      vslot[n] = slot;
      if (alerted !== null && alerted[slot] === 1) {
        marked++;
        vstate[n++] = ALERTED;
      } else vstate[n++] = state;
    }
    scratch.visible = n;
    scratch.marked = marked;
    return fastest;
  }

  function take(scratch, i, n) {
    scratch.xs[n] = scratch.vx[i];
    scratch.ys[n] = scratch.vy[i];
    scratch.slots[n] = scratch.vslot[i];
    return n + 1;
  }

  /** Behind the `n` that are kept, keep of the devices in one state those whose cell of `size` px is free, and those in the
      Set `chosen`. Returns how many are kept now. */
  function keep(scratch, state, chosen, size, n) {
    const { cells, columns, generation, vx, vy, vslot, vstate } = scratch;
    const some = chosen.size > 0;
    for (let i = 0; i < scratch.visible; i++) {
      if (vstate[i] !== state) continue;
      const cell = (Math.floor(vy[i] / size) + EDGE_PX) * columns + Math.floor(vx[i] / size) + EDGE_PX;
      if (cells[cell] === generation && !(some && chosen.has(vslot[i]))) continue;
      cells[cell] = generation;
      n = take(scratch, i, n);
    }
    return n;
  }

  function keepAlerted(scratch, chosen, size) {
    scratch.ringed = scratch.marked > 0 ? keep(scratch, ALERTED, chosen, size, 0) : 0;
    return scratch.ringed;
  }

  /** Of the devices within one cell of 2 px (4 px in a crowd) keep one: one in alert before a moving one before a stopped
      one before a silent one. Those in the Set `chosen` are always kept. */
  function mergeNear(scratch, chosen) {
    const size = scratch.visible > MERGE_CROWDED_FROM ? MERGE_CROWDED_PX : MERGE_PX;
    let n = keepAlerted(scratch, chosen, size);
    for (let state = 0; state < ALERTED; state++) n = keep(scratch, state, chosen, size, n);
    scratch.n = n;
  }

  /** Keep those in alert and the chosen devices alone: the others are hexagons. */
  function keepChosen(scratch, chosen) {
    let n = keepAlerted(scratch, chosen, MERGE_DENSE_PX);
    const most = n + chosen.size;
    for (let i = 0; i < scratch.visible && n < most; i++) {
      if (scratch.vstate[i] !== ALERTED && chosen.has(scratch.vslot[i])) n = take(scratch, i, n);
    }
    scratch.n = n;
  }

  function spriteOf(store, slot, serverMs) {
    const state = stores.stateOf(store, slot, serverMs);
    if (state === stores.MOVING) {
      const heading = store.heading[slot];
      return sprites.movingSprite(heading === protocol.UNKNOWN ? null : heading);
    }
    return state === stores.STOPPED ? sprites.DOT : sprites.silentSprite(serverMs - store.seenAt[slot]);
  }

  function radiusFor(scratch, view) {
    if (scratch.n > CROWDED) return RADIUS_CROWDED;
    return view.scale < FAR_BELOW ? RADIUS_FAR : RADIUS;
  }

  function sheetFor(scratch, options, radius, pixelRatio) {
    const key = `${options.rows.map((row) => row.moving + row.stopped).join()}|${options.colours.outline}|${pixelRatio}`;
    if (scratch.sheetKey !== key) {
      scratch.sheets.clear();
      scratch.sheetKey = key;
    }
    if (!scratch.sheets.has(radius)) {
      const glyphs = sprites.makeSheet(options.rows, options.colours, radius, pixelRatio);
      scratch.sheets.set(radius, { glyphs, mark: sprites.makeMark(options.colours, radius, pixelRatio) });
    }
    return scratch.sheets.get(radius);
  }

  function ring(ctx, x, y, radius, colours, ratio) {
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.lineWidth = 5;
    ctx.strokeStyle = colours.outline;
    ctx.stroke();
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = colours.accent;
    ctx.stroke();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }

  function drawGlyphs(ctx, scratch, store, view, options, radius) {
    const { xs, ys, slots, n, ringed } = scratch;
    const { colours, chosen, hovered, rowOf, serverMs } = options;
    const ratio = view.pixelRatio;
    const { glyphs, mark } = sheetFor(scratch, options, radius, ratio);
    const { image, size } = glyphs;
    const muted = { ...colours, accent: colours.muted };
    const half = size / 2;
    const some = chosen.size > 0;
    for (let pass = 0; pass < 2; pass++) {
      if (pass === 1 && !some) break; // the chosen ones lie above the rest
      for (let i = n - 1; i >= 0; i--) {
        const slot = slots[i];
        const isChosen = some && chosen.has(slot);
        if (isChosen !== (pass === 1)) continue;
        const isRinged = i < ringed;
        const out = radius + (isRinged ? CHOSEN_OUT : 0);
        if (isChosen) ring(ctx, xs[i], ys[i], out + (slot === options.selected ? 6 : 3), colours, ratio);
        else if (slot === hovered) ring(ctx, xs[i], ys[i], out + 3, muted, ratio);
        const line = rowOf === null ? 0 : rowOf(slot) * size;
        ctx.drawImage(image, spriteOf(store, slot, serverMs) * size, line, size, size, Math.round(xs[i] * ratio - half), Math.round(ys[i] * ratio - half), size, size);
        if (isRinged) ctx.drawImage(mark.image, Math.round(xs[i] * ratio - mark.size / 2), Math.round(ys[i] * ratio - mark.size / 2));
      }
    }
  }

  /** Draw all devices. `options`: now, serverMs, glide, accepts (slot, state: or null), alerted (a byte a slot, or null),
      chosen (Set of slots), selected, hovered (slots or -1), rows and rowOf (see colouring), named (names may be shown),
      dense (hexagons may be), colours. Leaves the drawn places in `scratch` for hit tests; returns {fastest}. */
  function drawDevices(ctx, scratch, store, view, options) {
    fit(scratch, store, view);
    const fastest = findVisible(scratch, store, view, options);
    const crowd = scratch.density;
    crowd.shown = options.dense && density.isCrowded(crowd, scratch, scratch.visible, view);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    if (crowd.shown) {
      density.count(crowd, scratch, scratch.visible, view);
      density.draw(ctx, crowd, view, options.colours);
      keepChosen(scratch, options.chosen);
    } else {
      mergeNear(scratch, options.chosen);
    }
    const radius = radiusFor(scratch, view);
    drawGlyphs(ctx, scratch, store, view, options, radius);
    if (options.named && view.scale >= NAMED_FROM) labels.draw(ctx, scratch.labels, scratch, store, view, { ...options, radius });
    else scratch.labels.named.clear();
    return { fastest: crowd.shown ? 0 : fastest };
  }

  global.waypost.draw = { createScratch, findVisible, mergeNear, keepChosen, fit, drawDevices };
})(globalThis);
