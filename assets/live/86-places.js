/* Places that people name: coordinates that are typed, and where the browser says it is. */
(function (global) {
  "use strict";
  const SIDES = { N: [0, 1], S: [0, -1], E: [1, 1], W: [1, -1] };
  const JUMP_ZOOM = 14;

  function angleOf(text) {
    const parts = text.split(/[°º'′’"″:\s]+/).filter(Boolean).map(Number);
    if (parts.length === 0 || parts.length > 3 || !parts.every(Number.isFinite)) return NaN;
    const [degrees, minutes = 0, seconds = 0] = parts;
    if (minutes < 0 || minutes >= 60 || seconds < 0 || seconds >= 60) return NaN;
    return Math.sign(degrees || 1) * (Math.abs(degrees) + minutes / 60 + seconds / 3600);
  }

  function withSides(text) {
    const found = [...text.toUpperCase().matchAll(/([^NSEW,;]*?)\s*([NSEW])/g)];
    if (found.length !== 2) return null;
    const place = [NaN, NaN];
    for (const [, angle, side] of found) {
      const [axis, sign] = SIDES[side];
      const value = angleOf(angle);
      if (value < 0) return null;
      place[axis] = sign * value;
    }
    return place;
  }

  function plain(text) {
    const parts = text.split(/[,;]\s*|\s+/).filter(Boolean);
    return parts.length === 2 ? parts.map(Number) : null;
  }

  /** {lat, lon} in degrees of "30.27, -97.74", "30.27 -97.74" or "30°16′12″N 97°44′W"; null where it is no place. */
  function parse(text) {
    const place = /[NSEW]/i.test(text) ? withSides(text.trim()) : plain(text.trim());
    if (place === null || !place.every(Number.isFinite)) return null;
    const [lat, lon] = place;
    return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
  }

  /** Marks of one map: where somebody jumped to, where this browser is. `say(text)` tells what went wrong. */
  function create(map, say) {
    const L = global.L;
    let mark = null;

    function show(lat, lon, radius) {
      clear();
      const centre = L.circleMarker([lat, lon], { radius: 7, className: "wp-map-here", interactive: false });
      mark = L.layerGroup(radius > 0 ? [L.circle([lat, lon], { radius, className: "wp-map-here-round", interactive: false }), centre] : [centre]).addTo(map);
    }

    function clear() {
      if (mark !== null) mark.remove();
      mark = null;
    }

    /** Look at what was typed; false where it is no place. */
    function jump(text) {
      const place = parse(text);
      if (place === null) return false;
      show(place.lat, place.lon, 0);
      map.setView([place.lat, place.lon], Math.max(map.getZoom(), JUMP_ZOOM));
      return true;
    }

    /** Look at where this browser is, with how exactly it knows. */
    function locate() {
      if (!global.isSecureContext || global.navigator.geolocation === undefined) {
        say("Browsers tell where they are only to pages on https or localhost.");
        return;
      }
      say("Asking where you are");
      global.navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          show(coords.latitude, coords.longitude, coords.accuracy);
          map.setView([coords.latitude, coords.longitude], Math.max(map.getZoom(), JUMP_ZOOM));
          say(`You are here, to within ${Math.round(coords.accuracy)} m`);
        },
        (error) => say(error.code === error.PERMISSION_DENIED ? "This browser does not tell where you are." : "Where you are could not be found out."),
        { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
      );
    }

    return { jump, locate, clear };
  }

  global.waypost.places = { parse, create };
})(globalThis);
