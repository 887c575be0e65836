// The files of an empty database with the extension, kept between runs: initdb in WebAssembly takes four times longer
// than loading them.

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";

const HERE = new URL("./", import.meta.url);
const CACHE = new URL("node_modules/.cache/waypost/", HERE);

/** The kept snapshot, or null where there is none of this version of PGlite and of the code that made it. */
export async function readSnapshot() {
  try {
    return asFile(await readFile(await pathOfSnapshot()));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return null;
  }
}

/** Keep a snapshot for the next `readSnapshot`; gives it back. */
export async function keepOnDisk(snapshot) {
  const path = await pathOfSnapshot();
  await mkdir(CACHE, { recursive: true });
  // Under a name of its own first: another process may read at this moment.
  const unfinished = new URL(`${path.href}.${process.pid}`);
  await writeFile(unfinished, Buffer.from(await snapshot.arrayBuffer()));
  await rename(unfinished, path);
  return snapshot;
}

async function pathOfSnapshot() {
  const hash = createHash("sha256");
  for (const name of ["package-lock.json", "engine.mjs"]) hash.update(await readFile(new URL(name, HERE)));
  return new URL(`${hash.digest("hex").slice(0, 16)}.tar`, CACHE);
}

/** What PGlite takes for a file. A real Blob would be read through a stream, a tenth of a second each time. */
export function asFile(bytes) {
  const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return { name: "snapshot.tar", type: "application/x-tar", size: bytes.length, arrayBuffer: async () => content };
}
