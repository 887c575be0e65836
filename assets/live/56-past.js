/* Where the chosen devices came from: their tracks of the last quarter of an hour, asked of the API once when they are
   selected. What happens from then on is in the ring of trails. */
(function (global) {
  "use strict";
  const { projection } = global.waypost;
  const SPAN_MS = 15 * 60000;
  const MOST_POINTS = 300;
  const MOST_DEVICES = 8;
  const LONGEST_GAP_MS = 5 * 60000; // as in the ring: nobody knows the way across a gap

  /** The steps of the API's points without a gap, as [ax, ay, bx, by, ax, …] in world units. */
  function stepsOf(points) {
    const steps = [];
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      if (Date.parse(b.ts) - Date.parse(a.ts) > LONGEST_GAP_MS) continue;
      for (const point of [a, b]) steps.push(projection.worldX(point.lon), projection.worldY(point.lat));
    }
    return Float64Array.from(steps);
  }

  /** Keeps the pasts of the chosen devices; `env` has fetch, so that tests bring their own. `steps` is a Map of slot to
      steps. */
  function create(env) {
    const steps = new Map();
    const asking = new Map(); // by slot

    function drop(slot) {
      if (asking.has(slot)) asking.get(slot).abort();
      asking.delete(slot);
      steps.delete(slot);
    }

    async function ask(slot, name, serverMs, found) {
      const mine = new AbortController();
      asking.set(slot, mine);
      const from = new Date(serverMs - SPAN_MS).toISOString();
      try {
        const url = `/api/v1/devices/${encodeURIComponent(name)}/track?from=${from}&max_points=${MOST_POINTS}`;
        const answer = await env.fetch(url, { signal: mine.signal });
        const track = answer.ok ? await answer.json() : null;
        if (asking.get(slot) !== mine || track === null) return;
        steps.set(slot, stepsOf(track.points));
        found();
      } catch {
        // The trail then begins where the device was selected.
      } finally {
        if (asking.get(slot) === mine) asking.delete(slot);
      }
    }

    /** Have the pasts of these devices alone, [[slot, name], …], the first few; `found()` is called as each comes. */
    function want(devices, serverMs, found) {
      const wanted = devices.slice(0, MOST_DEVICES);
      const slots = new Set(wanted.map(([slot]) => slot));
      for (const slot of [...steps.keys(), ...asking.keys()]) if (!slots.has(slot)) drop(slot);
      const missing = wanted.filter(([slot]) => !steps.has(slot) && !asking.has(slot));
      return Promise.all(missing.map(([slot, name]) => ask(slot, name, serverMs, found)));
    }

    return { steps, want };
  }

  global.waypost.past = { stepsOf, create };
})(globalThis);
