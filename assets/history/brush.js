/* The overview below the panels: the whole period, and in it the part that is shown, which can be dragged and resized. */
window.waypost = window.waypost || {};
window.waypost.brush = window.waypost.brush || {};

(function defineBrush(brush) {
  const REACH = 8; // px to either side of an edge
  const GAP_OF_USUAL = 2.5; // as components/panels.py
  const PAD = 3;

  brush.LEAST_MS = 2000;

  /** The place of a moment on the strip, in pixels; and the moment of a place. */
  brush.toX = (ms, period, width) => ((ms - period.from) / (period.to - period.from)) * width;
  brush.toMs = (x, period, width) => period.from + (x / width) * (period.to - period.from);

  /** What a press at `x` takes hold of: an edge of the window, the window, or nothing, which begins another. */
  brush.grabbed = function grabbed(x, zoom, period, width) {
    if (!zoom) return "new";
    const [from, to] = [brush.toX(zoom.from, period, width), brush.toX(zoom.to, period, width)];
    const reach = Math.min(REACH, (to - from) / 4);
    if (Math.abs(x - from) <= reach) return "from";
    if (Math.abs(x - to) <= reach) return "to";
    return x > from && x < to ? "move" : "new";
  };

  /** The window after a drag from `start` to `now` (ms), which stays within the period. */
  brush.dragged = function dragged(kind, zoom, start, now, period) {
    const inside = (ms) => Math.min(period.to, Math.max(period.from, ms));
    if (kind === "move") {
      const length = zoom.to - zoom.from;
      const from = Math.min(period.to - length, Math.max(period.from, zoom.from + now - start));
      return { from, to: from + length };
    }
    const fixed = { from: zoom && zoom.to, to: zoom && zoom.from, new: inside(start) }[kind];
    const moving = inside(now);
    return { from: Math.min(fixed, moving), to: Math.max(fixed, moving) };
  };

  /** The window after a key, or null where the key is none of ours; `false` zooms out to the whole period. */
  brush.pressed = function pressed(key, zoom, period) {
    const now = zoom || period;
    const length = now.to - now.from;
    const middle = (now.from + now.to) / 2;
    const move = (by) => brush.dragged("move", now, 0, by * length, period);
    if (key === "ArrowLeft") return zoom ? move(-0.25) : null;
    if (key === "ArrowRight") return zoom ? move(0.25) : null;
    if (key === "+" || key === "=") {
      return length / 2 < brush.LEAST_MS ? null : { from: middle - length / 4, to: middle + length / 4 };
    }
    if (key === "-") {
      if (!zoom) return null;
      if (length * 2 >= period.to - period.from) return false;
      const wide = { from: middle - length, to: middle + length };
      return brush.dragged("move", wide, 0, 0, period);
    }
    return key === "Escape" || key === "Home" ? (zoom ? false : null) : null;
  };

  /** The least and the greatest value of all lines, or null. */
  brush.range = function range(lines) {
    const values = lines.flatMap((line) => line.y);
    if (values.length === 0) return null;
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    return high > low ? [low, high] : [low - 1, high + 1];
  };

  /** A line as the `d` of an SVG path, cut at gaps; a value that stands alone is a short stroke. */
  brush.path = function path(line, period, range, width, height) {
    const apart = line.at.slice(1).map((place, i) => place - line.at[i]).sort((a, b) => a - b);
    const usual = apart.length ? apart[Math.floor(apart.length / 2)] : 1;
    const [low, high] = range;
    let text = "";
    line.at.forEach((place, i) => {
      const x = brush.toX(line.x0 + (place + 0.5) * line.dx, period, width).toFixed(1);
      const y = (height - PAD - ((line.y[i] - low) / (high - low)) * (height - 2 * PAD)).toFixed(1);
      const cut = i === 0 || place - line.at[i - 1] > GAP_OF_USUAL * usual;
      const last = i === line.at.length - 1 || line.at[i + 1] - place > GAP_OF_USUAL * usual;
      text += `${cut ? "M" : "L"}${x} ${y}`;
      if (cut && last) text += "h0.5";
    });
    return text;
  };
})(window.waypost.brush);

(function startBrush(brush) {
  if (typeof document === "undefined") return;
  const SVG = "http://www.w3.org/2000/svg";
  let data = null; // {from, to, lines, label}
  let zoom = null;
  let colours = [];
  let choose = () => {};
  let hold = null; // {kind, start, zoom} while somebody drags
  let shown = null; // the window that is drawn
  let cursor = null;
  let pointed = null; // where the shared cursor is, in ms

  const root = () => document.querySelector(".wp-brush");

  function element(name, attributes, into) {
    const made = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    into.append(made);
    return made;
  }

  function draw() {
    const place = root();
    if (!place || !data) return;
    const [width, height] = [place.clientWidth, place.clientHeight];
    if (width === 0) return;
    place.replaceChildren();
    const svg = element("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, place);
    const range = brush.range(data.lines);
    if (range) {
      data.lines.forEach((line) => {
        const stroke = colours.length ? colours[line.tone % colours.length] : "#888";
        element("path", { d: brush.path(line, data, range, width, height), fill: "none", stroke, "stroke-width": 1 }, svg);
      });
    }
    shown = element("g", { class: "wp-brush-window" }, svg);
    cursor = element("line", { class: "wp-brush-cursor", y1: 0, y2: height, visibility: "hidden" }, svg);
    brush.point(pointed);
    paint(zoom);
  }

  function paint(window_) {
    if (!shown) return;
    const place = root();
    const [width, height] = [place.clientWidth, place.clientHeight];
    shown.replaceChildren();
    place.setAttribute("aria-valuetext", window_ ? `From ${when(window_.from)} to ${when(window_.to)}` : "The whole period");
    if (!window_) return;
    const from = Math.max(0, Math.min(width, brush.toX(window_.from, data, width)));
    const to = Math.max(0, Math.min(width, brush.toX(window_.to, data, width)));
    element("rect", { class: "wp-brush-out", x: 0, y: 0, width: from, height }, shown);
    element("rect", { class: "wp-brush-out", x: to, y: 0, width: Math.max(0, width - to), height }, shown);
    element("rect", { class: "wp-brush-in", x: from, y: 0.5, width: Math.max(1, to - from), height: height - 1 }, shown);
    [from, to].forEach((x) => element("rect", { class: "wp-brush-edge", x: x - 2, y: height / 2 - 9, width: 4, height: 18, rx: 2 }, shown));
  }

  function when(ms) {
    return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  }

  /** Show where the shared cursor is; null: nowhere. */
  brush.point = function point(ms) {
    pointed = ms;
    if (!cursor || !data) return;
    const place = root();
    if (ms === null || !place) {
      cursor.setAttribute("visibility", "hidden");
      return;
    }
    const x = brush.toX(ms, data, place.clientWidth).toFixed(1);
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
  };

  /** What to draw from now on; `chosen(zoom|null)` is called when somebody has chosen another window. */
  brush.show = function show(next, series, chosen) {
    data = next;
    colours = series;
    choose = chosen;
    if (hold === null) draw();
  };

  brush.zoomed = function zoomed(next) {
    zoom = next;
    if (hold === null && data) paint(zoom);
  };

  const at = (event) => {
    const box = root().getBoundingClientRect();
    return event.clientX - box.left;
  };

  document.addEventListener("pointerdown", (event) => {
    const place = event.target.closest && event.target.closest(".wp-brush");
    if (!place || !data || event.button !== 0) return;
    event.preventDefault();
    place.focus({ preventScroll: true });
    place.setPointerCapture(event.pointerId);
    const x = at(event);
    const kind = brush.grabbed(x, zoom, data, place.clientWidth);
    hold = { kind, start: brush.toMs(x, data, place.clientWidth), zoom, now: null };
  });
  document.addEventListener("pointermove", (event) => {
    if (hold === null || !root()) return;
    const now = brush.toMs(at(event), data, root().clientWidth);
    hold.now = brush.dragged(hold.kind, hold.zoom, hold.start, now, data);
    paint(hold.now);
  });
  const release = () => {
    if (hold === null) return;
    const { now, kind } = hold;
    hold = null;
    if (now !== null && now.to - now.from >= brush.LEAST_MS) choose(now);
    else {
      if (now === null && kind === "new" && zoom) choose(null); // a click beside the window
      paint(zoom);
    }
  };
  document.addEventListener("pointerup", release);
  document.addEventListener("pointercancel", release);
  document.addEventListener("keydown", (event) => {
    if (!data || event.target !== root() || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = brush.pressed(event.key, zoom, data);
    if (next === null) return;
    event.preventDefault();
    choose(next === false ? null : next);
  });
  new ResizeObserver(draw).observe(document.documentElement);
})(window.waypost.brush);
