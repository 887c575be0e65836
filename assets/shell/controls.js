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

/** Whether two links lead to the same place, or two buttons set the same control to the same value. */
window.waypost.shell.isTwin = function isTwin(one, other) {
  const same = (name) => one.getAttribute(name) === other.getAttribute(name);
  return one.tagName === other.tagName && same("href") && same("data-target") && same("data-choose");
};

/** What a button sets its control to: its value, or nothing where it is open and closes what it opened. */
window.waypost.shell.chosen = function chosen(button) {
  return button.getAttribute("aria-expanded") === "true" ? "" : button.getAttribute("data-choose");
};

(function startControls(shell) {
  if (typeof document === "undefined") return;
  shell.written = null; // what the controls of the open page say, to be put back after a link to the same page

  function put() {
    const written = shell.written;
    if (!written || written.path !== window.location.pathname) return;
    const search = shell.searchOf(window.location.search, written.names, written.values, written.defaults);
    if (search === window.location.search) return;
    window.history.replaceState(window.history.state, "", window.location.pathname + search + window.location.hash);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.waypostShell = Object.assign(window.dash_clientside.waypostShell || {}, {
    writeUrl(spec, ...values) {
      if (spec) {
        const names = Object.keys(spec.defaults);
        shell.written = { path: window.location.pathname, names, values, defaults: spec.defaults };
        put();
      }
      return window.dash_clientside.no_update;
    },
  });

  window.addEventListener("_dashprivate_pushstate", () => window.setTimeout(put, 0));

  // Dash makes the rows of a list anew at each refresh: a link or button that had the focus gives it to its twin.
  let focused = null;
  document.addEventListener("focusin", (event) => {
    focused = event.target;
  });
  new MutationObserver(() => {
    if (!focused || focused.isConnected || document.activeElement !== document.body) return;
    const lost = focused;
    focused = null;
    const twin = [...document.querySelectorAll("#main a[href], #main [data-choose]")].find((one) => shell.isTwin(one, lost));
    if (twin) twin.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-choose]");
    if (button) window.dash_clientside.set_props(button.dataset.target, { value: shell.chosen(button) });
  });
})(window.waypost.shell);
