/* Measuring a distance: each click adds a point, the length stands at the last one. */
(function (global) {
  "use strict";
  const { format } = global.waypost;
  const EARTH_M = 6371008.8; // mean radius, IUGG

  /** Great-circle distance in m between {lat, lon} in degrees: the haversine formula (Sinnott 1984). */
  function distance(a, b) {
    const rad = Math.PI / 180;
    const h = Math.sin(((b.lat - a.lat) * rad) / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(((b.lon - a.lon) * rad) / 2) ** 2;
    return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
  }

  /** Length in m of a way through points. */
  function lengthOf(points) {
    return points.reduce((sum, point, i) => (i === 0 ? 0 : sum + distance(points[i - 1], point)), 0);
  }

  /** A length as people say it: 340 m, 12.4 km; 900 ft, 7.7 mi for those who see feet. */
  function lengthText(metres) {
    const { factor, unit } = format.inUnit("m");
    const [long, many] = unit === "ft" ? ["mi", 5280] : ["km", 1000];
    const length = metres * factor;
    return length < many ? `${format.number(Math.round(length), 6)} ${unit}` : `${format.number(length / many, 3)} ${long}`;
  }

  /** Measure on a map; `onChange(on)` hears of its beginning and end. */
  function create(map, onChange) {
    const L = global.L;
    const container = map.getContainer();
    let points = [];
    // One for all points, that moves on: Leaflet fades a tooltip out, so a new one for each would show two lengths.
    const tip = L.tooltip({ permanent: true, direction: "top", offset: [0, -6], className: "wp-tip wp-map-measure-length" });
    let drawn = null;
    let on = false;

    function erase() {
      if (drawn !== null) drawn.remove();
      drawn = null;
    }

    function draw() {
      erase();
      const places = points.map(({ lat, lon }) => [lat, lon]);
      const marks = places.map((place) => L.circleMarker(place, { radius: 4, className: "wp-map-measure-point", interactive: false }));
      drawn = L.layerGroup([L.polyline(places, { className: "wp-map-measure-line", interactive: false }), ...marks]).addTo(map);
      if (points.length < 2) tip.remove();
      else tip.setLatLng(places[places.length - 1]).setContent(lengthText(lengthOf(points))).addTo(map);
    }

    function set(next) {
      if (next === on) return;
      on = next;
      container.classList.toggle("wp-map-measuring", on);
      map.doubleClickZoom[on ? "disable" : "enable"]();
      if (!on) {
        erase();
        tip.remove();
      }
      points = [];
      onChange(on);
    }

    return {
      isOn: () => on,
      length: () => lengthOf(points),
      /** Begin, or end and take it off the map. */
      toggle: () => set(!on),
      end: () => set(false),
      /** A click on the map while measuring. */
      add(latlng) {
        points.push({ lat: latlng.lat, lon: latlng.lng });
        draw();
      },
      /** Take the last point back. */
      undo() {
        points.pop();
        draw();
      },
    };
  }

  global.waypost.measure = { distance, lengthOf, lengthText, create };
})(globalThis);
