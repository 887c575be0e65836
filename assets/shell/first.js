/* Runs in the head, before anything is painted: the colour scheme and the rail are as they were left. */
window.waypost = window.waypost || {};
window.waypost.shell = window.waypost.shell || {};

/** The scheme to paint: what was chosen, or else what the system asks for. */
window.waypost.shell.schemeOf = function schemeOf(stored, systemIsDark) {
  if (stored === "light" || stored === "dark") return stored;
  return systemIsDark ? "dark" : "light";
};

window.waypost.shell.setUp = function setUp(root, storage, systemIsDark) {
  let scheme = null;
  let rail = null;
  try {
    scheme = storage.getItem("mantine-color-scheme-value");
    rail = storage.getItem("waypost-rail");
  } catch {
    // Storage is refused in some private windows: the defaults do.
  }
  root.setAttribute("data-mantine-color-scheme", window.waypost.shell.schemeOf(scheme, systemIsDark));
  if (rail === "open") root.setAttribute("data-rail", "open");
};

// The file is loaded again with the other assets; only the first time may set the scheme.
if (typeof document !== "undefined" && !document.documentElement.hasAttribute("data-mantine-color-scheme")) {
  window.waypost.shell.setUp(
    document.documentElement,
    window.localStorage,
    window.matchMedia("(prefers-color-scheme: dark)").matches,
  );
}
