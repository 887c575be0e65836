/* What the map shows, in its address: device, state, q and at=lat,lon,zoom; so that it can be shared. */
(function (global) {
  "use strict";

  function parsePlace(text) {
    const parts = (text || "").split(",").map(Number);
    const [lat, lon, zoom] = parts;
    const usable = parts.length === 3 && parts.every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 540 && zoom >= 0 && zoom <= 22;
    return usable ? { lat, lon, zoom } : null;
  }

  /** What an address asks for: {device, state, query, place}; what is not understood is left out. */
  function read(search, states) {
    const params = new URLSearchParams(search);
    const state = states.indexOf(params.get("state"));
    return { device: params.get("device"), state: state < 0 ? null : state, query: params.get("q") || "", place: parsePlace(params.get("at")) };
  }

  /** The query part of the address, "" when there is nothing to say. Parameters of others are kept. */
  function write(search, shown, states) {
    const params = new URLSearchParams(search);
    const set = (key, value) => (value ? params.set(key, value) : params.delete(key));
    set("device", shown.device);
    set("state", shown.state === null ? "" : states[shown.state]);
    set("q", shown.query);
    if (shown.place) {
      const { lat, lon, zoom } = shown.place;
      set("at", `${lat.toFixed(5)},${lon.toFixed(5)},${Math.round(zoom * 100) / 100}`);
    }
    const text = params.toString().replace(/%2C/g, ",");
    return text ? `?${text}` : "";
  }

  global.waypost = global.waypost || {};
  global.waypost.address = { read, write };
})(globalThis);
