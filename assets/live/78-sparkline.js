/* The last hour of one metric of one device as a small line, asked of the API. */
(function (global) {
  "use strict";
  const { format, list } = global.waypost;
  const POINTS = 60;
  const EVERY_MS = 30000;
  const WIDTH = 288;
  const HEIGHT = 40;
  const GAP_BUCKETS = 2.5; // longer than this without a value, and the line is cut
  const SVG = "http://www.w3.org/2000/svg";

  /** Pieces of a path for points [[ts, mean, …], …]: {line, area, least, most}, null without any. The line is cut at
      gaps; time goes from `from` to `to` (ms). */
  function pathOf(points, bucketMs, from, to) {
    if (points.length === 0) return null;
    const values = points.map((point) => point[1]);
    const least = Math.min(...values);
    const most = Math.max(...values);
    const x = (at) => (Math.max(0, Math.min(1, (at - from) / (to - from))) * WIDTH).toFixed(1);
    const y = (value) => (HEIGHT - 3 - ((value - least) / (most - least || 1)) * (HEIGHT - 6)).toFixed(1);
    let line = "";
    let area = "";
    let begin = null;
    let before = null;
    points.forEach(([ts, value], i) => {
      const at = Date.parse(ts) + bucketMs / 2;
      const goesOn = before !== null && at - before <= bucketMs * GAP_BUCKETS;
      line += `${goesOn ? "L" : "M"}${x(at)} ${y(value)}`;
      if (!goesOn) begin = x(at);
      area += `${goesOn ? "L" : `M${begin} ${HEIGHT}L`}${x(at)} ${y(value)}`;
      const next = points[i + 1];
      const ends = next === undefined || Date.parse(next[0]) + bucketMs / 2 - at > bucketMs * GAP_BUCKETS;
      if (ends) area += `L${x(at)} ${HEIGHT}Z`;
      before = at;
    });
    return { line, area, least, most };
  }

  function draw(holder, path) {
    if (holder.firstChild === null) {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("aria-hidden", "true");
      for (const name of ["area", "line"]) {
        const piece = document.createElementNS(SVG, "path");
        piece.setAttribute("class", `wp-map-spark-${name}`);
        svg.append(piece);
      }
      holder.append(svg);
    }
    const [area, line] = holder.firstChild.children;
    area.setAttribute("d", path === null ? "" : path.area);
    line.setAttribute("d", path === null ? "" : path.line);
  }

  /** Keep the sparkline of the card; `env` has fetch and now. */
  function create(env) {
    let asked = null;
    let askedAt = -Infinity;
    let of = null;

    function forget() {
      if (asked !== null) asked.abort();
      asked = of = null;
      askedAt = -Infinity;
    }

    async function ask(device, metric, serverMs) {
      const mine = new AbortController();
      asked = mine;
      askedAt = env.now();
      try {
        const url = `/api/v1/series?metric=${encodeURIComponent(metric.metric)}&device=${encodeURIComponent(device)}&points=${POINTS}`;
        const answer = await env.fetch(url, { signal: mine.signal });
        if (answer.ok) {
          const series = await answer.json();
          if (asked === mine) show(series, metric, serverMs);
        }
      } catch {
        // The last line stays; the indicator says what is wrong with the connection.
      } finally {
        if (asked === mine) asked = null;
      }
    }

    function show(series, metric, serverMs) {
      const points = series.series.length > 0 ? series.series[0].points : [];
      const path = pathOf(points, series.bucket_s * 1000, serverMs - 3600e3, serverMs);
      draw(document.getElementById("live-card-spark"), path);
      const { factor, unit } = format.inUnit(metric.unit);
      const bound = (value) => format.number(Number((value * factor).toPrecision(2)), 2);
      const text = path === null ? `${metric.label}: nothing in the last hour` : `${metric.label}, last hour: ${bound(path.least)} to ${bound(path.most)} ${unit}`;
      list.setText(document.getElementById("live-card-spark-text"), text);
    }

    /** Show the last hour of `metric` ({metric, label, unit}) of a device; asks every 30 s. Call once a second. */
    function refresh(device, metric, serverMs) {
      const wanted = `${device}\n${metric.metric}`;
      if (of !== wanted) {
        forget();
        of = wanted;
        draw(document.getElementById("live-card-spark"), null);
        list.setText(document.getElementById("live-card-spark-text"), `${metric.label}, last hour`);
      }
      if (asked === null && env.now() - askedAt >= EVERY_MS) ask(device, metric, serverMs);
    }

    return { refresh, forget };
  }

  global.waypost.sparkline = { pathOf, create };
})(globalThis);
