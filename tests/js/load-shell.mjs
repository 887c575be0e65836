// Runs the classic scripts of assets/shell in the order in which Dash loads them, without a document.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets", "shell");

/** window.waypost of those scripts. */
export function shellParts() {
  const window = {};
  const context = createContext({ window, URLSearchParams });
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".js")).sort()) {
    runInContext(readFileSync(join(FOLDER, name), "utf8"), context, { filename: name });
  }
  return window.waypost;
}
