/* Cells of the ranking: the link to a device, a value with its bar, and a small line over time. */
window.waypost = window.waypost || {};
window.waypost.top = window.waypost.top || {};

/** The path of an SVG, `width` by `height`, of points [x, y] within 1 by 1, y upwards; an empty point is a gap. */
window.waypost.top.pathOf = function pathOf(points, width, height) {
  const pad = 2;
  let path = "";
  let pen = "M";
  points.forEach((point) => {
    if (point.length === 0) {
      pen = "M";
      return;
    }
    const x = (point[0] * (width - 2 * pad) + pad).toFixed(1);
    const y = ((1 - point[1]) * (height - 2 * pad) + pad).toFixed(1);
    path += `${pen}${x} ${y}`;
    if (pen === "M") path += `L${x} ${y}`; // a point alone is a dot, by its round ends
    pen = "L";
  });
  return path;
};

(function startTop(top) {
  if (typeof document === "undefined") return;
  const make = (...parts) => window.React.createElement(...parts);
  const WIDTH = 120;
  const HEIGHT = 28;

  /** Open a page of ours without loading everything anew. */
  function open(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

  cells.WaypostDevice = function WaypostDevice({ data }) {
    const follow = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      open(data.href);
    };
    const label = data.label ? make("span", { className: "wp-measure" }, data.label) : null;
    return make("span", { className: "wp-top-device" }, make("a", { href: data.href, title: data.device, className: "wp-link", onClick: follow }, data.name), label);
  };

  cells.WaypostBar = function WaypostBar({ data }) {
    const bar = make("span", { className: "wp-top-bar", style: { width: `${(data.share * 100).toFixed(1)}%` } });
    return make("span", { className: "wp-top-value" }, make("span", { className: "wp-top-track" }, bar), make("span", { className: "wp-top-number" }, data.text));
  };

  cells.WaypostSpark = function WaypostSpark({ data }) {
    const path = make("path", { d: top.pathOf(data.line, WIDTH, HEIGHT), className: "wp-spark" });
    return make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", className: "wp-spark-box", "aria-hidden": true }, path);
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostTop: {
      /** A bar was clicked: its device is opened. */
      openBar(click) {
        const href = click && click.points && click.points[0] && click.points[0].customdata;
        if (typeof href === "string") open(href);
        return window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.top);
