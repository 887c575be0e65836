/* "g" and a letter lead to a page, wherever one is: those pages that the rail has. */
window.waypost = window.waypost || {};
window.waypost.go = window.waypost.go || {};

(function defineGo(go) {
  const WITHIN_MS = 1500;

  /** Path of a page by the letter after "g". */
  go.PAGES = { m: "/", s: "/summary", t: "/top", h: "/history", p: "/pipeline", a: "/alerts", e: "/events" };

  /** Follows keys: gives "wait" after "g", the path of a page after its letter in time, otherwise null. */
  go.create = function create() {
    let pressedAt = -Infinity;
    return function step(key, at) {
      if (at - pressedAt <= WITHIN_MS) {
        pressedAt = -Infinity;
        return go.PAGES[key] || null;
      }
      if (key !== "g") return null;
      pressedAt = at;
      return "wait";
    };
  };

  /** Whether what is typed there is text. */
  go.isTyping = function isTyping(target) {
    return target.isContentEditable === true || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
  };

  /** The link of the rail to a path; null where there is no such page. */
  go.linkTo = function linkTo(path) {
    return document.querySelector(`a.wp-nav-link[href="${path}"]`);
  };
})(window.waypost.go);

(function startGo(go) {
  if (typeof document === "undefined") return;
  const step = go.create();
  // Before the keys of a page, which pass over what is done already.
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || go.isTyping(event.target)) return;
      const found = step(event.key, event.timeStamp);
      if (found === null || found === "wait") return;
      event.preventDefault();
      const link = go.linkTo(found);
      if (link) link.click();
    },
    true,
  );
})(window.waypost.go);
