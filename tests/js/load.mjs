// Runs the classic scripts of assets/live in the order in which Dash loads them, up to and with `last`.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets", "live");

/** window.waypost with the modules of every script that sorts up to `last`. */
export function load(last = "99") {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".js")).sort()) {
    if (name <= `${last}~`) runInThisContext(readFileSync(join(FOLDER, name), "utf8"), { filename: name });
  }
  return globalThis.waypost;
}

/** A binary frame as the server makes it; `devices` have id, lat, lon (degrees or null), ageMs, speed, heading, and value
    where header.valued. header.left are ids that left, header.totals [moving, stopped, silent, unlocated]. */
export function frame(kind, devices = [], header = {}) {
  const n = devices.length;
  const left = header.left ?? [];
  const buffer = new ArrayBuffer(56 + (header.valued ? 24 : 20) * n + 4 * left.length);
  const view = new DataView(buffer);
  view.setUint8(0, 0x57);
  view.setUint8(1, 0x50);
  view.setUint8(2, header.version ?? 2);
  view.setUint8(3, { snapshot: 1, delta: 2, heartbeat: 3 }[kind] ?? kind);
  view.setUint32(4, header.n ?? n, true);
  view.setFloat64(8, header.asOf ?? 1_000_000, true);
  view.setUint32(16, header.total ?? n, true);
  view.setUint32(20, header.sequence ?? 1, true);
  view.setUint32(24, header.newestAgeMs ?? 0xffffffff, true);
  view.setUint32(28, (header.flags ?? 0) | (header.valued ? 2 : 0), true);
  (header.totals ?? [0, n, 0, 0]).forEach((number, i) => view.setUint32(32 + 4 * i, number, true));
  view.setUint32(48, header.leaving ?? left.length, true);
  let at = 56;
  const column = (size, set, valueOf) => {
    devices.forEach((device, i) => view[set](at + size * i, valueOf(device), true));
    at += size * n;
  };
  const place = (degrees) => (degrees === null ? -2147483648 : Math.round(degrees * 1e7));
  column(4, "setUint32", (device) => device.id);
  column(4, "setInt32", (device) => place(device.lat));
  column(4, "setInt32", (device) => place(device.lon ?? 0));
  column(4, "setUint32", (device) => device.ageMs ?? 0);
  if (header.valued) column(4, "setFloat32", (device) => device.value ?? NaN);
  column(2, "setUint16", (device) => device.speed ?? 65535);
  column(2, "setUint16", (device) => device.heading ?? 65535);
  left.forEach((id, i) => view.setUint32(at + 4 * i, id, true));
  return buffer;
}
