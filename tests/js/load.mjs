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

/** A binary frame as the server makes it; `devices` have id, lat, lon (degrees or null), ageMs, speed, heading. */
export function frame(kind, devices = [], header = {}) {
  const n = devices.length;
  const buffer = new ArrayBuffer(32 + 20 * n);
  const view = new DataView(buffer);
  view.setUint8(0, 0x57);
  view.setUint8(1, 0x50);
  view.setUint8(2, header.version ?? 1);
  view.setUint8(3, { snapshot: 1, delta: 2, heartbeat: 3 }[kind] ?? kind);
  view.setUint32(4, header.n ?? n, true);
  view.setFloat64(8, header.asOf ?? 1_000_000, true);
  view.setUint32(16, header.total ?? n, true);
  view.setUint32(20, header.sequence ?? 1, true);
  view.setUint32(24, header.newestAgeMs ?? 0xffffffff, true);
  view.setUint32(28, header.flags ?? 0, true);
  devices.forEach((device, i) => {
    const place = (degrees) => (degrees === null ? -2147483648 : Math.round(degrees * 1e7));
    view.setUint32(32 + 4 * i, device.id, true);
    view.setInt32(32 + 4 * n + 4 * i, place(device.lat), true);
    view.setInt32(32 + 8 * n + 4 * i, place(device.lon ?? 0), true);
    view.setUint32(32 + 12 * n + 4 * i, device.ageMs ?? 0, true);
    view.setUint16(32 + 16 * n + 2 * i, device.speed ?? 65535, true);
    view.setUint16(32 + 18 * n + 2 * i, device.heading ?? 65535, true);
  });
  return buffer;
}
