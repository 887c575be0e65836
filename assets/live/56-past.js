/* Where the selected device came from: its track of the last quarter of an hour, asked of the API once when it is
   selected. What happens from then on is in the ring of trails. */
(function (global) {
  "use strict";
  const { projection } = global.waypost;
  const SPAN_MS = 15 * 60000;
  const MOST_POINTS = 300;
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

  /** Asks for pasts, one at a time; `env` has fetch, so that tests bring their own. */
  function create(env) {
    let asking = null;

    /** Give up what is asked for. */
    function forget() {
      if (asking !== null) asking.abort();
      asking = null;
    }

    /** Call `found(steps)` when the past of a device is known; never where it cannot be had or another is asked for. */
    async function ask(name, serverMs, found) {
      forget();
      const mine = new AbortController();
      asking = mine;
      const from = new Date(serverMs - SPAN_MS).toISOString();
      try {
        const url = `/api/v1/devices/${encodeURIComponent(name)}/track?from=${from}&max_points=${MOST_POINTS}`;
        const answer = await env.fetch(url, { signal: mine.signal });
        const track = answer.ok ? await answer.json() : null;
        if (asking === mine && track !== null) found(stepsOf(track.points));
      } catch {
        // The trail then begins where the device was selected.
      } finally {
        if (asking === mine) asking = null;
      }
    }

    return { ask, forget };
  }

  global.waypost.past = { stepsOf, create };
})(globalThis);
