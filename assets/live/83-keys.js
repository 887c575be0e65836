/* The keys of the live map: one table that is obeyed, shown on the buttons, and listed by "?". */
(function (global) {
  "use strict";
  const { list } = global.waypost;
  const go = () => global.waypost.go; // of the shell, which is loaded later

  /** [group, keys as people see them, what they do, event.key, name of the action] */
  const KEYS = [
    ["Find", "/", "Search devices", "/", "search"],
    ["Find", "v", "List only what is in view", "v", "toggleInView"],
    ["Find", "p", "Fold or open the panel", "p", "toggleFold"],
    ["Device", "f", "Follow the selected device", "f", "toggleFollow"],
    ["Device", "i", "Show the selected devices alone", "i", "toggleIsolate"],
    ["Device", "Esc", "Close, or let go", "Escape", "escape"],
    ["Map", "a", "Show all devices", "a", "fitAll"],
    ["Map", "l", "Layers and colours", "l", "openLayers"],
    ["Map", "c", "Next colouring", "c", "nextColour"],
    ["Map", "t", "Trails of all, of the selected, none", "t", "nextTrails"],
    ["Map", "n", "Names when close", "n", "toggleNames"],
    ["Map", "s", "Smooth movement", "s", "toggleGlide"],
    ["Map", "d", "Density when crowded", "d", "toggleDensity"],
    ["Map", "h", "Heat map of the last hour", "h", "toggleHeat"],
    ["Tools", "j", "Jump to a place", "j", "openJump"],
    ["Tools", "m", "Measure a distance", "m", "toggleMeasure"],
    ["Tools", "w", "Where am I", "w", "locate"],
    ["Tools", "x", "Full screen", "x", "toggleFull"],
    ["Tools", "k", "Wall screen", "k", "toggleKiosk"],
    ["Time", "space", "Pause, or go on", " ", "togglePause"],
    ["Time", "b", "Back in time: the time machine", "b", "toggleMachine"],
    ["Help", "?", "This list", "?", "openKeys"],
  ];
  /** Listed, and done by others: the map itself, the mouse. */
  const OTHERS = [
    ["Map", "+ −", "Zoom in and out"],
    ["Time machine", "space", "Play or pause"],
    ["Time machine", ", .", "10 s back or forward"],
    ["Time machine", "< >", "Slower or faster"],
    ["Time machine", "e E", "Next event, or the one before"],
    ["Time machine", "[ ]", "Half a window back or forward"],
    ["Map", "↑ ↓ ← →", "Move the map when it has the focus"],
    ["Device", "Shift click", "Select one more"],
    ["Device", "Shift drag", "Select all in a box"],
  ];

  /** The name of the action of a key pressed, or null. Buttons keep their space bar. */
  function actionOf(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
    const row = KEYS.find(([, , , key]) => key === event.key);
    if (row === undefined) return null;
    if (row[3] === "Escape") return row[4];
    const onButton = event.key === " " && event.target instanceof HTMLElement && event.target.closest("button, a, summary") !== null;
    return go().isTyping(event.target) || onButton ? null : row[4];
  }

  /** Keys of the pages that there are, as rows of the list. */
  function pageRows() {
    const links = Object.entries(go().PAGES).map(([letter, path]) => [letter, go().linkTo(path)]);
    return links.filter(([, link]) => link !== null).map(([letter, link]) => ["Pages", `g ${letter}`, link.textContent]);
  }

  /** Fill the list of the overlay, by group. */
  function fillOverlay(holder) {
    if (holder === null || holder.childElementCount > 0) return;
    const groups = new Map();
    for (const [group, keys, text] of [...KEYS, ...OTHERS, ...pageRows()]) groups.set(group, [...(groups.get(group) || []), [keys, text]]);
    for (const [group, rows] of groups) {
      const box = list.child(holder, "div", "wp-map-keys-group");
      list.child(box, "dt", "wp-map-keys-name").textContent = group;
      for (const [keys, text] of rows) {
        const row = list.child(box, "dd", "wp-map-keys-row");
        list.child(row, "kbd", "wp-key").textContent = keys;
        list.child(row, "span", "").textContent = text;
      }
    }
  }

  global.waypost.keys = { KEYS, actionOf, fillOverlay };
})(globalThis);
