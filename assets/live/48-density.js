/* Many devices far away: hexagons coloured by how many are in each, instead of glyphs that cover one another. */
(function (global) {
  "use strict";
  const { scale } = global.waypost;
  const RADIUS = 13; // px from the middle of a hexagon to its corner
  const WIDTH = RADIUS * Math.sqrt(3);
  const RISE = RADIUS * 1.5;
  const BOUNDS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000]; // lower ends of classes; five of them are used
  const CLASSES = 5;
  const ALPHA = 0.78; // the ground shows through
  const CROWD_CELL = 16;
  const CROWD_FROM = 1500; // devices in view
  const CROWDED = 2.5; // devices for each cell of 16 px that has any
  const CLEAR = 1.8; // fewer than this and glyphs come back
  const FAR_BELOW = 2 ** 14; // px a world unit: closer than this, glyphs are wanted however many there are

  /** Room for counting, kept between drawings. */
  function create() {
    return { counts: new Map(), crowd: new Uint8Array(0), shown: false, least: BOUNDS.slice(0, CLASSES), cells: [] };
  }

  /** Whether the devices in view (vx, vy, n: px) are so many, so close together and so far away that their number says
      more than their glyphs. Once it is so it takes a clearer view to end it. */
  function isCrowded(density, found, n, view) {
    if (n < CROWD_FROM || view.scale >= FAR_BELOW) return false;
    const columns = Math.ceil(view.width / CROWD_CELL) + 4;
    const size = columns * (Math.ceil(view.height / CROWD_CELL) + 4);
    if (density.crowd.length < size) density.crowd = new Uint8Array(size);
    else density.crowd.fill(0);
    let cells = 0;
    for (let i = 0; i < n; i++) {
      const at = (Math.floor(found.vy[i] / CROWD_CELL) + 2) * columns + Math.floor(found.vx[i] / CROWD_CELL) + 2;
      if (density.crowd[at] === 0) cells += density.crowd[at] = 1;
    }
    return n / cells >= (density.shown ? CLEAR : CROWDED);
  }

  /** Key of the hexagon that a place of the world in px (at this zoom) lies in: row and column, pointed upwards. */
  function cellAt(x, y) {
    const row = Math.round(y / RISE);
    const column = Math.round(x / WIDTH - (row & 1) / 2);
    const near = Math.abs(y / RISE - row) * 3;
    if (near <= 1) return [row, column];
    // In the slanted part, the neighbour above or below may be nearer.
    const other = y / RISE > row ? row + 1 : row - 1;
    const otherColumn = Math.round(x / WIDTH - (other & 1) / 2);
    const away = (r, c) => (x - (c + (r & 1) / 2) * WIDTH) ** 2 + (y - r * RISE) ** 2;
    return away(other, otherColumn) < away(row, column) ? [other, otherColumn] : [row, column];
  }

  /** Lower ends of the five classes for a greatest count: the highest class is reached. */
  function classesFor(most) {
    let top = BOUNDS.length - 1;
    while (top > CLASSES - 1 && BOUNDS[top] > most) top--;
    return BOUNDS.slice(top - CLASSES + 1, top + 1);
  }

  /** Count the devices in view by hexagon. Cells belong to the world: they stay where they are while the map moves. */
  function count(density, found, n, view) {
    const { counts } = density;
    counts.clear();
    for (let i = 0; i < n; i++) {
      const [row, column] = cellAt(found.vx[i] + view.left, found.vy[i] + view.top);
      const key = row * 16777216 + column;
      counts.set(key, (counts.get(key) || 0) + 1);
    }
    let most = 0;
    density.cells = [];
    for (const [key, number] of counts) {
      const row = Math.floor(key / 16777216);
      const column = key - row * 16777216;
      density.cells.push({ x: (column + (row & 1) / 2) * WIDTH - view.left, y: row * RISE - view.top, number });
      if (number > most) most = number;
    }
    density.least = classesFor(most);
  }

  function hexagon(ctx, x, y) {
    const half = (WIDTH - 1) / 2;
    ctx.moveTo(x, y - RADIUS + 0.5);
    ctx.lineTo(x + half, y - RADIUS / 2);
    ctx.lineTo(x + half, y + RADIUS / 2);
    ctx.lineTo(x, y + RADIUS - 0.5);
    ctx.lineTo(x - half, y + RADIUS / 2);
    ctx.lineTo(x - half, y - RADIUS / 2);
    ctx.closePath();
  }

  /** Draw the hexagons, one path a class. */
  function draw(ctx, density, view, colours) {
    const shades = scale.rampOf(colours.ramp, CLASSES);
    ctx.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    ctx.globalAlpha = ALPHA;
    for (let step = 0; step < CLASSES; step++) {
      const next = step + 1 < CLASSES ? density.least[step + 1] : Infinity;
      ctx.beginPath();
      for (const cell of density.cells) {
        if (cell.number < next && (step === 0 || cell.number >= density.least[step])) hexagon(ctx, cell.x, cell.y);
      }
      ctx.fillStyle = shades[step];
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }

  /** The hexagon at a place of the canvas, {x, y, number}, or null. */
  function at(density, x, y) {
    const inside = (cell) => Math.abs(cell.x - x) <= WIDTH / 2 && Math.abs(cell.y - y) <= RADIUS;
    return density.cells.find(inside) || null;
  }

  global.waypost.density = { ALPHA, CLASSES, RADIUS, create, isCrowded, cellAt, classesFor, count, draw, at };
})(globalThis);
