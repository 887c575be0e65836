import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { projection } = load("15");
const near = (actual, expected, within) => assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

test("the middle and the corners of the world", () => {
  near(projection.worldX(0), 128, 1e-12);
  near(projection.worldY(0), 128, 1e-12);
  near(projection.worldX(-180), 0, 1e-12);
  near(projection.worldX(180), 256, 1e-12);
  near(projection.worldY(85.0511287798), 0, 1e-6);
  near(projection.worldY(-90), 256, 1e-6);
});

test("places agree with Leaflet 1.9.4, L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), 0)", () => {
  const places = [
    [30.27472, -97.74043, 58.49569422222224, 105.39336236979355],
    [-33.8568, 151.2153, 235.53088, 153.6133398824107],
    [78.2232, 15.6267, 139.11232, 35.44207513516348],
  ];
  for (const [lat, lon, x, y] of places) {
    near(projection.worldX(lon), x, 1e-9);
    near(projection.worldY(lat), y, 1e-9);
  }
});

test("there and back again", () => {
  for (const [lat, lon] of [[30.2672, -97.7431], [-33.86, 151.21], [78.22, 15.65], [0, 0]]) {
    near(projection.latitude(projection.worldY(lat)), lat, 1e-9);
    near(projection.longitude(projection.worldX(lon)), lon, 1e-9);
  }
});

test("each zoom doubles the pixels of a world unit", () => {
  assert.deepEqual([0, 1, 12, 2.5].map(projection.scaleAt), [1, 2, 4096, 2 ** 2.5]);
});
