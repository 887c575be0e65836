/* Names beside the devices when the map is close: none covers another, and one that is shown stays where it can. */
(function (global) {
  "use strict";
  const { format, store: stores } = global.waypost;
  const MOST = 250;
  const MOST_KEPT = 800; // pictures of names
  const LETTERS = 22;
  const FONT = "500 11px 'Inter Variable', system-ui, sans-serif";
  const HEIGHT = 16;
  const GAP = 4;
  const CELL = 32;

  /** Room for the names of one map: pictures by text, and who was named in the last drawing. */
  function create() {
    return { pictures: new Map(), key: "", named: new Set(), taken: new Map() };
  }

  function paint(text, colours, ratio) {
    const measuring = new OffscreenCanvas(1, 1).getContext("2d");
    measuring.font = FONT;
    const width = Math.ceil(measuring.measureText(text).width) + 6;
    const canvas = new OffscreenCanvas(Math.ceil(width * ratio), HEIGHT * ratio);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.font = FONT;
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    ctx.lineWidth = 3;
    ctx.strokeStyle = colours.outline;
    ctx.strokeText(text, 3, HEIGHT / 2);
    ctx.fillStyle = colours.text;
    ctx.fillText(text, 3, HEIGHT / 2);
    return { image: canvas.transferToImageBitmap(), width };
  }

  function pictureOf(labels, text, colours, ratio) {
    const key = `${colours.text}${colours.outline}${ratio}`;
    if (labels.key !== key || labels.pictures.size > MOST_KEPT) {
      labels.pictures.clear();
      labels.key = key;
    }
    if (!labels.pictures.has(text)) labels.pictures.set(text, paint(text, colours, ratio));
    return labels.pictures.get(text);
  }

  /** Words beside a device: its name, and of a silent one how long it has been silent. */
  function textOf(store, slot, serverMs) {
    const name = format.shorten(store.name[slot], LETTERS);
    const silent = stores.stateOf(store, slot, serverMs) === stores.SILENT;
    return silent ? `${name} · ${format.age(stores.ageMs(store, slot, serverMs) / 1000)}` : name;
  }

  function eachCell(box, visit) {
    for (let row = Math.floor(box.top / CELL); row <= Math.floor((box.top + box.height) / CELL); row++) {
      for (let column = Math.floor(box.left / CELL); column <= Math.floor((box.left + box.width) / CELL); column++) {
        if (visit(row * 4096 + column) === false) return false;
      }
    }
    return true;
  }

  function overlap(a, b) {
    return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
  }

  function keep(taken, box) {
    eachCell(box, (cell) => {
      if (taken.has(cell)) taken.get(cell).push(box);
      else taken.set(cell, [box]);
    });
  }

  /** Take the room of a box if it is free: true, or false where it is not. `taken` is a Map of cell to boxes. */
  function take(taken, box) {
    const free = eachCell(box, (cell) => !(taken.get(cell) || []).some((other) => overlap(box, other)));
    if (free) keep(taken, box);
    return free;
  }

  /** Numbers 0 to n - 1 in the order in which devices may have names: chosen ones, those named before, the rest. */
  function orderOf(labels, slots, n, chosen) {
    const ranks = [[], [], []];
    for (let i = 0; i < n; i++) ranks[chosen.has(slots[i]) ? 0 : labels.named.has(slots[i]) ? 1 : 2].push(i);
    return ranks.flat();
  }

  /** Draw the names of the devices in `drawn` {xs, ys, slots, n}, `radius` px from their middle. */
  function draw(ctx, labels, drawn, store, view, { serverMs, chosen, colours, radius }) {
    labels.taken.clear();
    const named = new Set();
    const ratio = view.pixelRatio;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    const core = radius * 0.6; // a name may touch the edge of another glyph, but not lie on it
    for (let i = 0; i < drawn.n; i++) keep(labels.taken, { left: drawn.xs[i] - core, top: drawn.ys[i] - core, width: 2 * core, height: 2 * core });
    for (const i of orderOf(labels, drawn.slots, drawn.n, chosen)) {
      if (named.size >= MOST) break;
      const [x, y, slot] = [drawn.xs[i], drawn.ys[i], drawn.slots[i]];
      const picture = pictureOf(labels, textOf(store, slot, serverMs), colours, ratio);
      const sides = [x + radius + GAP, x - radius - GAP - picture.width];
      const box = sides.map((left) => ({ left, top: y - HEIGHT / 2, width: picture.width, height: HEIGHT })).find((one) => take(labels.taken, one));
      if (box === undefined) continue;
      named.add(slot);
      ctx.drawImage(picture.image, Math.round(box.left * ratio), Math.round(box.top * ratio));
    }
    labels.named = named;
  }

  global.waypost.labels = { create, take, orderOf, textOf, draw };
})(globalThis);
