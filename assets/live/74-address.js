/* What the map shows, in its address, so that a link shows the same. docs/live-map.md lists the parameters. Values that
   are the default are left out; what is not ours, or is not understood, is left as it is. */
(function (global) {
  "use strict";
  const { store: stores, colouring } = global.waypost;
  const SORTS = ["name", "age", "speed", "value"];
  const MODES = ["live", "interval", "paused"];
  const TRAILS = ["all", "selected", "none"];
  const MOST_DEVICES = 50; // in an address

  /** What is shown where nothing else is asked for. */
  const DEFAULTS = {
    devices: [], state: null, query: "", fleet: null, kind: null, least: null, most: null, unlocated: false, alerted: false,
    metric: colouring.SPEED, colour: colouring.BY_STATE, sort: "name", inView: true, isolate: false, follow: false,
    mode: null, everyS: null, trails: "all", names: true, glide: true, density: true, heat: false, place: null, kiosk: false,
  };

  const TEXT = { read: (text) => text || undefined, write: (value) => value };
  const NUMBER = {
    read: (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined),
    write: (value) => String(value),
  };
  const oneOf = (allowed) => ({ read: (text) => (allowed.includes(text) ? text : undefined), write: (value) => value });
  const flag = (word, meaning) => ({ read: (text) => (text === word ? meaning : undefined), write: () => word });

  /** Parameter, name of what it says, and how it is read (undefined: not understood) and written. */
  const PARAMETERS = [
    ["state", "state", { read: (text) => (stores.STATES.includes(text) ? stores.STATES.indexOf(text) : undefined), write: (state) => stores.STATES[state] }],
    ["q", "query", TEXT],
    ["fleet", "fleet", TEXT],
    ["kind", "kind", TEXT],
    ["metric", "metric", TEXT],
    ["least", "least", NUMBER],
    ["most", "most", NUMBER],
    ["unlocated", "unlocated", flag("only", true)],
    ["alerts", "alerted", flag("only", true)],
    ["colour", "colour", oneOf([colouring.BY_STATE, ...colouring.GROUPS, "value"])],
    ["sort", "sort", oneOf(SORTS)],
    ["list", "inView", flag("all", false)],
    ["isolate", "isolate", flag("on", true)],
    ["follow", "follow", flag("on", true)],
    ["mode", "mode", oneOf(MODES)],
    ["every", "everyS", NUMBER],
    ["trails", "trails", oneOf(TRAILS)],
    ["names", "names", flag("off", false)],
    ["smooth", "glide", flag("off", false)],
    ["density", "density", flag("off", false)],
    ["heat", "heat", flag("on", true)],
    ["kiosk", "kiosk", flag("1", true)],
    ["at", "place", { read: (text) => parsePlace(text) || undefined, write: writePlace }],
  ];

  function parsePlace(text) {
    const parts = (text || "").split(",").map(Number);
    const [lat, lon, zoom] = parts;
    const usable = parts.length === 3 && parts.every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 540 && zoom >= 0 && zoom <= 22;
    return usable ? { lat, lon, zoom } : null;
  }

  function writePlace({ lat, lon, zoom }) {
    return `${lat.toFixed(5)},${lon.toFixed(5)},${Math.round(zoom * 100) / 100}`;
  }

  /** What an address asks for: all of DEFAULTS, with what it says instead. */
  function read(search) {
    const params = new URLSearchParams(search);
    const asked = { ...DEFAULTS, devices: params.getAll("device").filter(Boolean).slice(0, MOST_DEVICES) };
    for (const [parameter, name, form] of PARAMETERS) {
      const value = params.has(parameter) ? form.read(params.get(parameter)) : undefined;
      if (value !== undefined) asked[name] = value;
    }
    return asked;
  }

  /** The query part of the address of what is shown, "" when there is nothing to say. */
  function write(search, shown) {
    const params = new URLSearchParams(search);
    params.delete("device");
    for (const device of shown.devices.slice(0, MOST_DEVICES)) params.append("device", device);
    for (const [parameter, name, form] of PARAMETERS) {
      if (name === "place" && shown.place === null) continue; // nobody has moved the map yet: what it says holds
      if (shown[name] === DEFAULTS[name] || shown[name] === null) params.delete(parameter);
      else params.set(parameter, form.write(shown[name]));
    }
    const text = params.toString().replace(/%2C/g, ",");
    return text ? `?${text}` : "";
  }

  global.waypost.address = { DEFAULTS, SORTS, MODES, TRAILS, read, write };
})(globalThis);
