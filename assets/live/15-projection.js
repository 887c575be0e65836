/* Web Mercator at zoom 0: the world is a square of 256 units. The only place of projection maths; a screen
   place is world × scale − offset (EPSG:3857 as in Leaflet's SphericalMercator). */
(function (global) {
  "use strict";
  const WORLD = 256;
  const MAX_LATITUDE = 85.0511287798;

  /** World x of a longitude in degrees. */
  function worldX(lon) {
    return (lon / 360 + 0.5) * WORLD;
  }

  /** World y of a latitude in degrees; beyond 85.05° it is the edge of the map. */
  function worldY(lat) {
    const clamped = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, lat));
    const sin = Math.sin((clamped * Math.PI) / 180);
    return (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * WORLD;
  }

  /** Longitude of a world x. */
  function longitude(x) {
    return (x / WORLD - 0.5) * 360;
  }

  /** Latitude of a world y. */
  function latitude(y) {
    return (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / WORLD))) * 180) / Math.PI;
  }

  /** Pixels a world unit has at a zoom. */
  function scaleAt(zoom) {
    return 2 ** zoom;
  }

  global.waypost = global.waypost || {};
  global.waypost.projection = { WORLD, worldX, worldY, longitude, latitude, scaleAt };
})(globalThis);
