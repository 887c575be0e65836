/* Where devices were, on a map beside a chart: each track in the colour of its line, and a cursor that both share. */
window.waypost = window.waypost || {};
window.waypost.tracks = window.waypost.tracks || {};

(function defineTracks(tracks) {
  /** The places of a track as lines, cut where nobody knows what happened; no line jumps round the world. */
  tracks.runs = function runs(track) {
    const cuts = new Set(track.cuts);
    const lines = [];
    let east = 0; // what brings a longitude next to the one before, across the antimeridian
    track.lat.forEach((lat, i) => {
      if (i > 0) {
        const step = track.lon[i] - track.lon[i - 1];
        if (step > 180) east -= 360;
        if (step < -180) east += 360;
      }
      if (i === 0 || cuts.has(i)) lines.push([]);
      lines[lines.length - 1].push([lat, track.lon[i] + east]);
    });
    return lines;
  };

  /** Where a device was at `ms` (UTC): between two places straight on, null where nobody knows. */
  tracks.placeAt = function placeAt(track, ms) {
    const seconds = (ms - track.t0) / 1000;
    const last = track.at.length - 1;
    if (seconds < track.at[0] || seconds > track.at[last]) return null;
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (track.at[middle] <= seconds) low = middle;
      else high = middle;
    }
    if (high === low || track.at[low] === seconds) return [track.lat[low], track.lon[low]];
    if (track.at[high] === seconds) return [track.lat[high], track.lon[high]];
    if (track.cuts.includes(high)) return null;
    const share = (seconds - track.at[low]) / (track.at[high] - track.at[low]);
    const step = track.lon[high] - track.lon[low];
    const east = Math.abs(step) > 180 ? step - Math.sign(step) * 360 : step;
    return [track.lat[low] + share * (track.lat[high] - track.lat[low]), track.lon[low] + share * east];
  };

  /**
   * The moment (ms of UTC) at which a track passed nearest to a point of the screen, or null where none passed within
   * `reach` pixels. `project([lat, lon])` gives {x, y}.
   */
  tracks.momentAt = function momentAt(all, point, project, reach) {
    let best = null;
    all.forEach((track) => {
      const cuts = new Set(track.cuts);
      let before = null;
      track.lat.forEach((lat, i) => {
        const here = project([lat, track.lon[i]]);
        const from = before === null || cuts.has(i) ? here : before;
        const [dx, dy] = [here.x - from.x, here.y - from.y];
        const length = dx * dx + dy * dy;
        const along = length > 0 ? ((point.x - from.x) * dx + (point.y - from.y) * dy) / length : 1;
        const share = Math.max(0, Math.min(1, along));
        const away = Math.hypot(point.x - from.x - share * dx, point.y - from.y - share * dy);
        if (away <= reach && (best === null || away < best.away)) {
          const start = from === here ? track.at[i] : track.at[i - 1];
          best = { away, ms: track.t0 + 1000 * (start + share * (track.at[i] - start)) };
        }
        before = here;
      });
    });
    return best === null ? null : best.ms;
  };

  /** The part of a track between two moments, as lines; the ends lie between places where they must. */
  tracks.part = function part(track, from, to) {
    const inside = track.at.map((seconds, i) => i).filter((i) => {
      const ms = track.t0 + track.at[i] * 1000;
      return ms >= from && ms <= to;
    });
    const cuts = new Set(track.cuts);
    const lines = tracks.runs({
      lat: inside.map((i) => track.lat[i]),
      lon: inside.map((i) => track.lon[i]),
      cuts: inside.map((i, place) => (cuts.has(i) ? place : null)).filter((place) => place !== null),
    });
    const [first, last] = [tracks.placeAt(track, from), tracks.placeAt(track, to)];
    if (lines.length === 0) return first && last ? [[first, last]] : [];
    if (first) lines[0].unshift(first);
    if (last) lines[lines.length - 1].push(last);
    return lines;
  };

  /** The box round all tracks with a little room, [[south, west], [north, east]], or null where there are none. */
  tracks.box = function box(all) {
    return tracks.around(all.flatMap((track) => tracks.runs(track).flat()));
  };

  tracks.around = function around(places) {
    if (places.length === 0) return null;
    const [lats, lons] = [places.map((place) => place[0]), places.map((place) => place[1])];
    const least = (list) => list.reduce((a, b) => Math.min(a, b));
    const most = (list) => list.reduce((a, b) => Math.max(a, b));
    const room = 0.0015;
    return [[least(lats) - room, least(lons) - room], [most(lats) + room, most(lons) + room]];
  };
})(window.waypost.tracks);

(function startTracks(tracks) {
  if (typeof document === "undefined") return;
  const REACH = 24;
  let open = null; // the map that is open: {map, layer, cursors}
  let newest = { tracks: [], key: null };
  let colours = [];
  let lined = true; // whether the tracks are drawn here, or the page draws them itself
  let pointed = null; // the moment of the shared cursor, ms of UTC
  let listener = null;

  /** Call `listen(ms|null)` when somebody points at a track. */
  tracks.listen = function listen(listen) {
    listener = listen;
  };

  function colourOf(track) {
    return colours.length ? colours[track.tone % colours.length] : "var(--wp-accent)";
  }

  function draw() {
    if (open === null) return;
    open.layer.clearLayers();
    open.cursors = new Map();
    if (lined) drawLines();
    if (pointed !== null) tracks.point(pointed); // a refresh must not take it from under the pointer
  }

  function drawLines() {
    newest.tracks.forEach((track) => {
      const colour = colourOf(track);
      const dashArray = track.tone >= colours.length ? "2 6" : null;
      window.L.polyline(tracks.runs(track), { color: colour, weight: 3, opacity: 0.85, dashArray, interactive: false }).addTo(open.layer);
      const ends = tracks.runs(track).flat();
      window.L.circleMarker(ends[ends.length - 1], { radius: 4, color: colour, fillOpacity: 1, weight: 2, className: "wp-history-end", pane: "markerPane", interactive: false }).addTo(open.layer);
    });
  }

  /** Show where every device was at a moment; null: nowhere. */
  tracks.point = function point(ms) {
    pointed = ms;
    if (open === null) return;
    newest.tracks.forEach((track) => {
      const place = ms === null ? null : tracks.placeAt(track, ms);
      let cursor = open.cursors.get(track.name);
      if (place === null) {
        if (cursor) open.layer.removeLayer(cursor); // its own remove() would leave it in the layer, never drawn again
        return;
      }
      if (!cursor) {
        cursor = window.L.circleMarker(place, { radius: 7, color: colourOf(track), className: "wp-history-cursor", pane: "markerPane", interactive: false });
        open.cursors.set(track.name, cursor);
      }
      cursor.setLatLng(place);
      if (!open.layer.hasLayer(cursor)) cursor.addTo(open.layer);
    });
  };

  /** Lay a halo round the part of each track between two moments, and bring it into view; null takes it away. */
  tracks.highlight = function highlight(span) {
    if (open === null) return;
    open.halo.clearLayers();
    const lines = span ? newest.tracks.flatMap((track) => tracks.part(track, span.from, span.to)) : [];
    lines.forEach((line) => window.L.polyline(line, { className: "wp-track-halo", weight: 14, interactive: false }).addTo(open.halo));
    const box = tracks.around(lines.flat());
    if (box) window.waypost.track.steer();
    if (box) open.map.fitBounds(box, { padding: [24, 24], maxZoom: 17 });
  };

  /**
   * What the map shows from now on; `series` are the colours of lines in this scheme. Without `lines` the page draws
   * and frames the tracks itself, and only cursor and halo are drawn here.
   */
  tracks.show = function show(data, series, { lines = true } = {}) {
    newest = data || { tracks: [], key: null };
    colours = series;
    lined = lines;
    draw();
    if (!lines) return;
    const bounds = tracks.box(newest.tracks);
    window.waypost.track.grown(bounds ? { key: newest.key, bounds } : null);
  };

  /** Handler of the `add` event of the layer on the map. */
  tracks.mount = function mount(event, context) {
    const { map } = context;
    const mine = { map, layer: window.L.layerGroup().addTo(map), halo: window.L.layerGroup().addTo(map), cursors: new Map() };
    open = mine;
    pointed = null;
    window.waypost.track.mount(event, context);
    let waiting = null;
    const moved = (move) => {
      const at = move.containerPoint;
      if (waiting !== null) return;
      waiting = window.requestAnimationFrame(() => {
        waiting = null;
        const project = (place) => map.latLngToContainerPoint(place);
        if (listener) listener(tracks.momentAt(newest.tracks, at, project, REACH));
      });
    };
    const left = () => listener && listener(null);
    map.on("mousemove", moved).on("mouseout", left);
    event.target.once("remove", () => {
      map.off("mousemove", moved).off("mouseout", left);
      if (open === mine) open = null;
    });
    draw();
  };
})(window.waypost.tracks);
