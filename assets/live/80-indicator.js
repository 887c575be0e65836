/* The live indicator: one rule for what may be said of the data, shown wherever its elements are. */
(function (global) {
  "use strict";
  const { format } = global.waypost;
  const PLACES = ["live-indicator", "live-kiosk-indicator"]; // each with -dot and -text inside

  /** What to say, as {state, text, spoken}. `seen`: mode (live, interval, paused), everyS, connection (phase), online,
      paused (by the server), newestAgeMs, silentAfterMs. It says live only when data that is new arrives over a
      connection that is heard. */
  function statusOf(seen) {
    const age = seen.newestAgeMs === null ? null : format.age(seen.newestAgeMs / 1000);
    const say = (state, word, withAge = true) => ({ state, spoken: word, text: withAge && age !== null ? `${word} · ${age}` : word });
    if (seen.connection === "held") return say("past", "In the past", false);
    if (seen.mode === "paused") return say("paused", "Paused");
    if (seen.connection === "refused") return say("offline", "Signed out, reload the page", false);
    if (["idle", "connecting", "hidden"].includes(seen.connection)) return say("connecting", "Connecting", false);
    if (seen.connection === "reconnecting") return seen.online ? say("reconnecting", "Reconnecting") : say("offline", "Offline");
    if (seen.paused) return say("paused", "Updates paused");
    if (seen.connection === "stale") return say("stale", "Stale");
    if (seen.newestAgeMs === null) return say("waiting", "Waiting for data", false);
    if (seen.newestAgeMs > seen.silentAfterMs) return say("stale", "Stale");
    return seen.mode === "interval" ? say("interval", `Every ${format.number(seen.everyS, 3)} s`) : say("live", "Live");
  }

  function set(element, key, value) {
    if (element !== null && element[key] !== value) element[key] = value;
  }

  /** Write a status to every indicator on the page; those that are not there are passed over. `part` is how much of the
      interval is over, 0 to 1: the ring of the dot fills. */
  function show(status, title, part) {
    for (const id of PLACES) {
      const place = document.getElementById(id);
      const dot = document.getElementById(`${id}-dot`);
      set(document.getElementById(`${id}-text`), "textContent", status.text);
      set(place, "title", title);
      for (const element of [place, dot]) if (element !== null) set(element.dataset, "state", status.state);
      if (dot !== null) dot.style.setProperty("--wp-ring", `${Math.round(part * 360)}deg`);
    }
    // A screen reader hears of changes of the state, and not of every second of age.
    set(document.getElementById("live-announcer"), "textContent", status.spoken);
  }

  global.waypost.indicator = { statusOf, show };
})(globalThis);
