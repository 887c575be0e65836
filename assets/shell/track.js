/* The map of a track: fitted to it when it is another track or window, and again when it grows out of view, but
   never again once somebody has moved the map. */
window.waypost = window.waypost || {};
window.waypost.track = window.waypost.track || {};

(function defineTrack(track) {
  const ROOM = 0.15; // what is left free on each side when a track has grown, so that it is not fitted at each refresh
  const PADDING = [24, 24];

  /** Whether one box lies within another; boxes are [[south, west], [north, east]]. */
  track.holds = function holds(outer, inner) {
    const [[south, west], [north, east]] = outer;
    return inner[0][0] >= south && inner[0][1] >= west && inner[1][0] <= north && inner[1][1] <= east;
  };

  /** A box with room on each side. */
  track.roomy = function roomy([[south, west], [north, east]]) {
    const [high, wide] = [(north - south) * ROOM, (east - west) * ROOM];
    return [[south - high, west - wide], [north + high, east + wide]];
  };

  /**
   * The box to fit the map to, or null to leave it. `next` is {key, bounds} of the track, `last` that which the map was
   * fitted to, `seen` the box that the map shows, `steered` whether somebody has moved it since.
   */
  track.toFit = function toFit(next, last, seen, steered) {
    if (!next) return null;
    if (!last || last.key !== next.key) return next.bounds;
    return steered || track.holds(seen, next.bounds) ? null : track.roomy(next.bounds);
  };

  let shown = null; // the map that is open: {map, last, steered}
  let newest = null;

  function boxOf(map) {
    const box = map.getBounds();
    return [[box.getSouth(), box.getWest()], [box.getNorth(), box.getEast()]];
  }

  function fit() {
    if (shown === null || shown.map.getSize().x === 0) return;
    const box = track.toFit(newest, shown.last, boxOf(shown.map), shown.steered);
    if (box === null) return;
    if (!shown.last || shown.last.key !== newest.key) shown.steered = false;
    shown.last = newest;
    frame(shown, box);
  }

  function frame(mine, box) {
    mine.framing = true;
    mine.map.fitBounds(box, { animate: false, padding: PADDING });
    mine.framing = false;
  }

  function soon() {
    window.setTimeout(fit, 0); // dash-leaflet sets its own first view after the layers were added
  }

  /** Handler of the `add` event of a layer of the map. */
  track.mount = function mount(event, context) {
    const { map } = context;
    const mine = { map, last: null, steered: false, framing: false };
    const ending = new AbortController();
    const steer = () => (mine.steered = true);
    const listen = (type, run) => map.getContainer().addEventListener(type, run, { signal: ending.signal, passive: true });
    listen("wheel", steer);
    listen("dblclick", steer);
    listen("keydown", steer);
    listen("pointerdown", (press) => {
      const onButton = press.target instanceof Element && press.target.closest(".leaflet-control") !== null;
      if (onButton || !press.isPrimary) steer(); // a zoom button, or a second finger
    });
    // Where dash-leaflet sets its own first view after all, the track is brought back into the map.
    const settle = () => {
      if (mine.framing || mine.steered || mine.last === null || shown !== mine) return;
      if (!track.holds(boxOf(map), mine.last.bounds)) frame(mine, mine.last.bounds);
    };
    map.on("dragstart", steer).on("resize", fit).on("moveend", settle);
    shown = mine;
    soon();
    event.target.once("remove", () => {
      ending.abort();
      map.off("dragstart", steer).off("resize", fit).off("moveend", settle);
      if (shown === mine) shown = newest = null;
    });
  };

  /** Somebody chose what the map shows: it is left so until another track comes. */
  track.steer = function steer() {
    if (shown !== null) shown.steered = true;
  };

  /** A refresh has told of the track; null where it has no places. */
  track.grown = function grown(next) {
    newest = next;
    soon();
  };
})(window.waypost.track);

(function startTrack(track) {
  if (typeof document === "undefined") return;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostTrack: {
      grown(next) {
        track.grown(next);
        return window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.track);
