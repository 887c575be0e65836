/* Small controls: the state of a page in its URL, and buttons that set another control. */
window.waypost = window.waypost || {};
window.waypost.shell = window.waypost.shell || {};

/**
 * The query string after the controls changed: a value that is the default is left out, anything else in it stays.
 * `names` and `values` are in the same order.
 */
window.waypost.shell.searchOf = function searchOf(search, names, values, defaults) {
  const query = new URLSearchParams(search);
  names.forEach((name, i) => {
    const value = values[i];
    if (value === null || value === undefined || value === defaults[name]) query.delete(name);
    else query.set(name, value);
  });
  const text = query.toString();
  return text ? `?${text}` : "";
};

/** Whether two links lead to the same place, or two buttons do the same. */
window.waypost.shell.isTwin = function isTwin(one, other) {
  const same = (name) => one.getAttribute(name) === other.getAttribute(name);
  return one.tagName === other.tagName && same("href") && same("data-target") && same("data-choose") && same("data-phase");
};

/** What a button sets its control to: its value, or nothing where it is open and closes what it opened. */
window.waypost.shell.chosen = function chosen(button) {
  return button.getAttribute("aria-expanded") === "true" ? "" : button.getAttribute("data-choose");
};

/** What goes along to another page: the period and the filters, where the address that leads there has none. The page of
    a device is narrowed to that one by its path. */
window.waypost.shell.carried = function carried(search, before, path = "/") {
  const query = new URLSearchParams(search);
  const last = new URLSearchParams(before);
  const both = ["from", "to"];
  const period = both.some((name) => query.has(name)) ? [] : both;
  const filters = path.startsWith("/device/") ? [] : ["fleet", "device"];
  [...period, ...filters].forEach((name) => {
    if (!query.has(name)) last.getAll(name).forEach((value) => query.append(name, value));
  });
  const text = query.toString();
  return text ? `?${text}` : "";
};

(function startControls(shell) {
  if (typeof document === "undefined") return;
  const kept = new Map(); // what the parts of the open page say, to be put back after a link to the same page

  function put() {
    let search = window.location.search;
    for (const { path, names, values, defaults } of kept.values()) {
      if (path === window.location.pathname) search = shell.searchOf(search, names, values, defaults);
    }
    replace(search);
  }

  function replace(search) {
    if (search === window.location.search) return;
    window.history.replaceState(window.history.state, "", window.location.pathname + search + window.location.hash);
  }

  /** Keep these values in the address of the open page; `key` names the part that says so. */
  shell.keep = function keep(key, names, values, defaults) {
    kept.set(key, { path: window.location.pathname, names, values, defaults });
    put();
  };

  /** Another page was opened: what the last one said is not to be written into its address. */
  shell.forget = function forget() {
    kept.clear();
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.waypostShell = Object.assign(window.dash_clientside.waypostShell || {}, {
    writeUrl(spec, ...values) {
      if (spec) {
        shell.keep("controls", Object.keys(spec.defaults), values, spec.defaults);
      }
      return window.dash_clientside.no_update;
    },
  });

  // This listener is older than those of Dash, which therefore read the address with what was carried along.
  let before = null; // the path and query that the link was followed from
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest && event.target.closest("a[href]");
      before = link ? { path: window.location.pathname, search: window.location.search } : null;
    },
    true,
  );
  window.addEventListener("_dashprivate_pushstate", () => {
    const { pathname, search } = window.location;
    if (before && before.path !== pathname) replace(shell.carried(search, before.search, pathname));
    before = null;
    window.setTimeout(put, 0);
  });

  // Dash makes the rows of a list anew at each refresh: a link or button that had the focus gives it to its twin.
  const MADE_ANEW = "#main a[href], #main [data-choose], #main [data-phase]";
  let focused = null;
  document.addEventListener("focusin", (event) => {
    focused = event.target;
  });
  new MutationObserver(() => {
    if (!focused || focused.isConnected || document.activeElement !== document.body) return;
    const lost = focused;
    focused = null;
    const twin = [...document.querySelectorAll(MADE_ANEW)].find((one) => shell.isTwin(one, lost));
    if (twin) twin.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });

  // Where that falls between pressing and releasing the mouse, nobody gets the click: the twin under the pointer does then.
  let pressed = null;
  document.addEventListener(
    "pointerdown",
    (event) => {
      const plain = event.pointerType === "mouse" && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey);
      pressed = plain && event.target.closest ? event.target.closest(MADE_ANEW) : null;
    },
    true,
  );
  document.addEventListener(
    "pointerup",
    (event) => {
      const lost = pressed;
      pressed = null;
      if (lost === null || lost.isConnected) return;
      const under = document.elementFromPoint(event.clientX, event.clientY);
      const twin = under && under.closest(MADE_ANEW);
      if (twin && shell.isTwin(twin, lost)) twin.click();
    },
    true,
  );

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-choose]");
    if (button) window.dash_clientside.set_props(button.dataset.target, { value: shell.chosen(button) });
  });
})(window.waypost.shell);
