/* The outline of a geofence while it is drawn: corners, as [latitude, longitude], and their text. Pure functions. */
window.waypost = window.waypost || {};
window.waypost.outline = window.waypost.outline || {};

(function defineOutline(outline) {
  const CORNER = /^\s*([-+]?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*([-+]?\d{1,3}(?:\.\d+)?)\s*$/;
  const LEAST = 3;

  /** The corners of a text, a line each, and the first line that is none, in words; the same as the server reads. */
  outline.parse = function parse(text) {
    const corners = [];
    for (const [place, line] of (text || "").split(/\r?\n/).entries()) {
      if (line.trim() === "") continue;
      const found = CORNER.exec(line);
      if (found === null || Math.abs(Number(found[1])) > 90) {
        return { corners, problem: `Line ${place + 1} is no corner: write latitude and longitude as 48.15, 11.57.` };
      }
      corners.push([Number(found[1]), Number(found[2])]);
    }
    return { corners, problem: null };
  };

  /** Corners as people write them; 6 decimals are a decimetre. */
  outline.text = function text(corners) {
    return corners.map((corner) => corner.map((value) => String(Number(value.toFixed(6)))).join(", ")).join("\n");
  };

  /** An outline that somebody drew west of the date line goes on beyond 180 degrees instead. */
  outline.normal = function normal(corners) {
    const west = Math.min(...corners.map((corner) => corner[1]));
    return west < -180 ? corners.map(([lat, lon]) => [lat, lon + 360]) : corners;
  };

  /** The corners with one more before the place `at`. */
  outline.insert = function insert(corners, at, corner) {
    return [...corners.slice(0, at), corner, ...corners.slice(at)];
  };

  outline.move = function move(corners, at, corner) {
    return corners.map((one, place) => (place === at ? corner : one));
  };

  /** The corners without the one at this place; an outline that is closed keeps three. */
  outline.drop = function drop(corners, at, open) {
    return !open && corners.length <= LEAST ? corners : corners.filter((_, place) => place !== at);
  };

  /** The middle of each side, with the place that a corner there would have. */
  outline.middles = function middles(corners) {
    return corners.map(([lat, lon], place) => {
      const next = corners[(place + 1) % corners.length];
      return { at: place + 1, corner: [(lat + next[0]) / 2, (lon + next[1]) / 2] };
    });
  };

  outline.canClose = function canClose(corners, open) {
    return open && corners.length >= LEAST;
  };

  /** Whether two outlines are the same, to what their text keeps. */
  outline.same = function same(one, other) {
    return outline.text(one) === outline.text(other);
  };

  /** What to do next. */
  outline.hint = function hint(count, open) {
    if (!open) return `${count} corners. Drag one to move it, or the middle of a side to add one; Delete removes the one that has the focus.`;
    if (count === 0) return "Click on the map where the outline begins.";
    if (count < LEAST) return "Click where the next corner is.";
    return "Click where the next corner is, or the first corner to close the outline.";
  };

  /** The box round places, [[south, west], [north, east]]; null where there is none. */
  outline.box = function box(places) {
    if (places.length === 0) return null;
    const [lats, lons] = [places.map((place) => place[0]), places.map((place) => place[1])];
    const least = (list) => list.reduce((a, b) => Math.min(a, b));
    const most = (list) => list.reduce((a, b) => Math.max(a, b));
    return [[least(lats), least(lons)], [most(lats), most(lons)]];
  };
})(window.waypost.outline);
