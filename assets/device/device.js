/* The Device page: the cursor that its charts and its map share, a zoom into its period, and trips shown on the map. */
window.waypost = window.waypost || {};
window.waypost.device = window.waypost.device || {};

(function defineDevice(device) {
  /** The span of a row of the table of trips, "begin end" in ms of UTC, or null. */
  device.spanOf = function spanOf(text) {
    const [from, to] = String(text).split(" ").map(Number);
    return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
  };

  /** The period after a zoom: two moments, at least a second apart. */
  device.periodOf = function periodOf(span, zone) {
    const iso = (ms) => new Date(Math.round(ms)).toISOString();
    return { from: iso(span.from), to: iso(Math.max(span.to, span.from + 1000)), zone };
  };
})(window.waypost.device);

(function startDevice(device) {
  if (typeof document === "undefined") return;
  const CHART = "device";
  const PERIOD = { period: "device", part: "chosen" };
  const page = () => document.querySelector(".wp-device-page");
  let before = []; // the periods that somebody has zoomed into this one from
  let period = null;
  let begun = null; // when the trip on the map began: its end moves on where it is under way

  /** Say which trip is on the map. A refresh makes the rows of the table anew. */
  function mark() {
    page().querySelectorAll(".wp-trips tbody tr").forEach((row) => {
      const button = row.querySelector("[data-phase]");
      const span = button && device.spanOf(button.dataset.phase);
      if (span && span.from === begun) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    });
  }

  function choose(next) {
    window.waypost.props.set(PERIOD, { data: next });
  }

  function connect() {
    const { panels, tracks } = window.waypost;
    panels.listen(CHART, {
      point: (ms) => tracks.point(ms),
      drag(span) {
        if (!period) return;
        before.push(period);
        choose(device.periodOf(span, period.zone));
      },
      out() {
        if (before.length > 0) choose(before.pop());
      },
    });
    tracks.listen((ms) => {
      panels.point(CHART, ms);
      tracks.point(ms);
    });
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostDevice: {
      /** A refresh has told where the device was. */
      placed(data) {
        if (!page()) return window.dash_clientside.no_update;
        if (!page().dataset.started) {
          page().dataset.started = "true";
          before = [];
          begun = null;
          connect();
        }
        window.waypost.tracks.show(data, [], { lines: false });
        mark();
        return window.dash_clientside.no_update;
      },

      period(next) {
        period = next;
        return window.dash_clientside.no_update;
      },
    },
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".wp-device-page [data-phase]");
    if (!button) return;
    const span = device.spanOf(button.dataset.phase);
    if (!span) return;
    window.waypost.tracks.highlight(span);
    begun = span.from;
    mark();
  });
})(window.waypost.device);
