/* Which device is under the pointer: a hash grid of 32 px cells over the drawn places, built when first asked. */
(function (global) {
  "use strict";
  const CELL = 32;

  /** A grid over `n` places: xs[i], ys[i] in pixels within width × height. Counting sort, no objects. */
  function build(xs, ys, n, width, height) {
    const columns = Math.max(1, Math.ceil(width / CELL));
    const rows = Math.max(1, Math.ceil(height / CELL));
    const starts = new Uint32Array(columns * rows + 1);
    const cellOf = (i) => {
      const column = Math.min(columns - 1, Math.max(0, Math.floor(xs[i] / CELL)));
      const row = Math.min(rows - 1, Math.max(0, Math.floor(ys[i] / CELL)));
      return row * columns + column;
    };
    for (let i = 0; i < n; i++) starts[cellOf(i) + 1]++;
    for (let cell = 0; cell < columns * rows; cell++) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    const items = new Uint32Array(n);
    for (let i = 0; i < n; i++) items[next[cellOf(i)]++] = i;
    return { xs, ys, columns, rows, starts, items };
  }

  /** Index of the place nearest to (x, y) within `radius` pixels, or -1. */
  function nearest(grid, x, y, radius) {
    let best = -1;
    let bestSquare = radius * radius;
    const firstRow = Math.max(0, Math.floor((y - radius) / CELL));
    const lastRow = Math.min(grid.rows - 1, Math.floor((y + radius) / CELL));
    const firstColumn = Math.max(0, Math.floor((x - radius) / CELL));
    const lastColumn = Math.min(grid.columns - 1, Math.floor((x + radius) / CELL));
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const cell = row * grid.columns + column;
        for (let at = grid.starts[cell]; at < grid.starts[cell + 1]; at++) {
          const i = grid.items[at];
          const square = (grid.xs[i] - x) ** 2 + (grid.ys[i] - y) ** 2;
          if (square <= bestSquare) {
            best = i;
            bestSquare = square;
          }
        }
      }
    }
    return best;
  }

  global.waypost = global.waypost || {};
  global.waypost.hitGrid = { build, nearest };
})(globalThis);
