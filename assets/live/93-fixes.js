/* Chunks of the past (docs/live-protocol.md, Playback): checked, indexed by device, and asked where everyone was. */
(function (global) {
  "use strict";
  const { protocol } = global.waypost;
  const HEADER_BYTES = 32;
  const BYTES_PER_FIX = 20;
  const VERSION = 1;
  const GLIDE_MOST_MS = 300e3; // a longer way between two fixes is not known: the device stays, then jumps
  const TURN = 3600000000; // degrees of a circle, 1e-7

  function refuse(why) {
    throw new protocol.ProtocolError(`playback refused: ${why}`);
  }

  /** Read a chunk (ArrayBuffer): {from, to, stepMs, ids, begins, offset, lat, lon, speed, heading}. Fixes of ids[k] are
      those from begins[k] up to begins[k + 1]; offset is ms after from. Throws ProtocolError. */
  function decode(buffer) {
    if (buffer.byteLength < HEADER_BYTES) refuse(`${buffer.byteLength} bytes are less than a header`);
    const view = new DataView(buffer);
    if (view.getUint8(0) !== 0x57 || view.getUint8(1) !== 0x42) refuse("it does not begin with WB");
    if (view.getUint8(2) !== VERSION) refuse(`version ${view.getUint8(2)} is not known`);
    const n = view.getUint32(4, true);
    const expected = HEADER_BYTES + BYTES_PER_FIX * n;
    if (buffer.byteLength !== expected) refuse(`${n} fixes take ${expected} bytes, it has ${buffer.byteLength}`);
    const [from, to] = [view.getFloat64(8, true), view.getFloat64(16, true)];
    if (!(from < to)) refuse("it has no span");
    const column = (Type, words) => new Type(buffer, HEADER_BYTES + words * n, n);
    const id = column(Uint32Array, 0);
    const ids = [];
    const begins = [];
    for (let i = 0; i < n; i++) {
      if (i > 0 && id[i] === id[i - 1]) continue;
      ids.push(id[i]);
      begins.push(i);
    }
    begins.push(n);
    return {
      from,
      to,
      stepMs: view.getUint32(24, true),
      ids,
      begins,
      lat: column(Int32Array, 4),
      lon: column(Int32Array, 8),
      offset: column(Int32Array, 12),
      speed: column(Uint16Array, 16),
      heading: column(Uint16Array, 18),
    };
  }

  /** The last fix of device k at or before `offset`; -1 where it has none yet. */
  function lastAt(chunk, k, offset) {
    let low = chunk.begins[k];
    let high = chunk.begins[k + 1] - 1;
    if (chunk.offset[low] > offset) return -1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (chunk.offset[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function between(a, b, part) {
    return Math.round(a + (b - a) * part);
  }

  /** The shorter way round the globe. */
  function lonBetween(a, b, part) {
    const way = b - a > TURN / 2 ? b - a - TURN : a - b > TURN / 2 ? b - a + TURN : b - a;
    const lon = a + way * part;
    return Math.round(lon > TURN / 2 ? lon - TURN : lon < -TURN / 2 ? lon + TURN : lon);
  }

  function totalsOf(frame, limits) {
    const totals = { moving: 0, stopped: 0, silent: 0, unlocated: 0 };
    for (let i = 0; i < frame.n; i++) {
      if (frame.ageMs[i] > limits.silentAfterMs) totals.silent++;
      else if (frame.speed[i] !== protocol.UNKNOWN && frame.speed[i] >= limits.stoppedBelow) totals.moving++;
      else totals.stopped++;
    }
    return totals;
  }

  /** A frame as the live socket would have sent it at the moment `at` (ms): every device of the chunk that had been heard
      of, between two fixes on the straight way. `held` are the ids that the store has now; those that are not to be seen
      have left. `limits` are those of the store: stoppedBelow (cm/s), silentAfterMs. */
  function frameAt(chunk, at, held, limits) {
    const most = chunk.ids.length;
    const frame = {
      kind: "delta", n: 0, asOf: at, total: 0, sequence: 0, newestAgeMs: null, paused: false, value: null,
      id: new Uint32Array(most), lat: new Int32Array(most), lon: new Int32Array(most), ageMs: new Uint32Array(most),
      speed: new Uint16Array(most), heading: new Uint16Array(most),
    };
    const offset = at - chunk.from;
    const seen = new Set();
    for (let k = 0; k < most; k++) {
      const a = lastAt(chunk, k, offset);
      if (a < 0) continue;
      const b = a + 1 < chunk.begins[k + 1] && chunk.offset[a + 1] - chunk.offset[a] <= GLIDE_MOST_MS ? a + 1 : a;
      const part = b === a ? 0 : (offset - chunk.offset[a]) / (chunk.offset[b] - chunk.offset[a]);
      const i = frame.n++;
      frame.id[i] = chunk.ids[k];
      frame.lat[i] = between(chunk.lat[a], chunk.lat[b], part);
      frame.lon[i] = lonBetween(chunk.lon[a], chunk.lon[b], part);
      frame.ageMs[i] = offset - chunk.offset[a];
      frame.speed[i] = chunk.speed[a];
      frame.heading[i] = chunk.heading[a];
      frame.newestAgeMs = frame.newestAgeMs === null ? frame.ageMs[i] : Math.min(frame.newestAgeMs, frame.ageMs[i]);
      seen.add(chunk.ids[k]);
    }
    frame.left = held.filter((id) => !seen.has(id));
    frame.total = frame.n;
    frame.totals = totalsOf(frame, limits);
    return frame;
  }

  global.waypost.fixes = { decode, lastAt, frameAt };
})(globalThis);
