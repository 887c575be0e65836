/* What every open page says of alerts: how many are open, in the rail and the bar, and a toast where one opens while the
   page is looked at. What is open is told by the server (notices.js); the shape is in components/standing.py. */
window.waypost = window.waypost || {};
window.waypost.alerts = window.waypost.alerts || {};

(function defineAlerts(alerts) {
  const MOST = 99;
  const SHOWN_MS = 10000;

  /** What a badge says of so many open alerts: {text, label}; null where there is none. */
  alerts.badge = function badge(open) {
    if (!open) return null;
    return { text: open > MOST ? `${MOST}+` : String(open), label: open === 1 ? "1 open alert" : `${open} open alerts` };
  };

  /** Whether an alert has opened after another. Ids alone do not say: one that was pending for long has a low one. */
  alerts.isNewer = function isNewer(one, other) {
    return one.opened_at === other.opened_at ? one.id > other.id : one.opened_at > other.opened_at;
  };

  function newNames(before, after) {
    const known = new Set(before);
    return after.filter((name) => !known.has(name)).length;
  }

  /** How many alerts have opened from one standing to the next, as far as can be told: others may have closed. */
  alerts.opened = function opened(last, next) {
    const subjects = newNames(last.devices, next.devices) + newNames(last.spaces, next.spaces);
    return Math.max(1, next.open - last.open, subjects);
  };

  /** Before anything was heard: `last` is what is open, `heard` the newest alert of all that were. */
  alerts.initial = function initial() {
    return { last: null, heard: null };
  };

  /** The next state after a standing was heard, and the toast that tells of it, {alert, more, critical}: `more` have opened
      with it, so many of these `critical`. null where nothing has opened since the one before; what was open when the page
      was loaded is no news. */
  alerts.step = function step(state, standing) {
    const { newest } = standing;
    const isNews = newest !== null && (state.heard === null || alerts.isNewer(newest, state.heard));
    const next = { last: standing, heard: isNews ? newest : state.heard };
    if (!isNews || state.last === null) return [next, null];
    const more = alerts.opened(state.last, standing) - 1;
    const others = standing.critical - state.last.critical - (newest.severity === "critical" ? 1 : 0);
    return [next, { alert: newest, more, critical: Math.max(0, Math.min(more, others)) }];
  };

  /** One toast for what is shown (null: nothing) and what has opened since. A critical alert is not put behind a warning. */
  alerts.joined = function joined(shown, fresh) {
    if (shown === null) return fresh;
    const isCritical = ({ alert }) => alert.severity === "critical";
    const [first, other] = isCritical(shown) && !isCritical(fresh) ? [shown, fresh] : [fresh, shown];
    return {
      alert: first.alert,
      more: shown.more + fresh.more + 1,
      critical: shown.critical + fresh.critical + (isCritical(other) ? 1 : 0),
    };
  };

  /** Whether a toast stays until it is closed. */
  alerts.stays = function stays(toast) {
    return toast.alert.severity === "critical" || toast.critical > 0;
  };

  /** What a toast says of those that are not named: "and 4 more, 1 critical". */
  alerts.rest = function rest({ more, critical }) {
    if (more === 0) return "";
    return `and ${more} more${critical > 0 ? `, ${critical} critical` : ""}`;
  };

  /** Until when a toast is shown (ms), as it is `now`: one that somebody is at, or cannot see, has all its time before it. */
  alerts.until = function until(toast, isHeld, last, now) {
    if (alerts.stays(toast)) return Infinity;
    return isHeld || last === null ? now + SHOWN_MS : last;
  };

  /** Whether a page at this path may show toasts: not the one that lists alerts, nor a wall screen. */
  alerts.mayTell = function mayTell(path, isKiosk) {
    return !isKiosk && path.replace(/\/+$/, "") !== "/alerts";
  };
})(window.waypost.alerts);

(function startAlerts(alerts) {
  if (typeof document === "undefined") return;
  const TICK_MS = 250;
  const listeners = new Set();
  let state = alerts.initial();
  let standing = null; // as the store has it
  let shown = null;
  let until = null;
  let timer = 0;

  const mayTell = () => alerts.mayTell(window.location.pathname, document.documentElement.hasAttribute("data-kiosk"));

  function child(parent, tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  function openPage(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    close();
    window.waypost.go.linkTo("/alerts").click(); // without loading the page anew
  }

  function paintToast() {
    const { alert } = shown;
    const severity = alerts.stays(shown) ? "critical" : "warning";
    const hadFocus = clear();
    const toast = child(document.getElementById(`alert-toast-${severity}`), "div", "wp-toast");
    toast.dataset.severity = alert.severity;
    child(toast, "span", `wp-icon wp-toast-sign wp-icon-${alert.severity === "critical" ? "octagon" : "triangle"}-alert`);
    const said = child(toast, "div", "wp-toast-said");
    const head = child(said, "div", "wp-toast-head");
    child(head, "strong", "wp-toast-subject", alert.subject).title = alert.subject;
    child(head, "span", "wp-pill wp-severity", alert.severity === "critical" ? "Critical" : "Warning").dataset.severity = alert.severity;
    child(said, "div", "wp-toast-text", alert.text);
    const foot = child(said, "div", "wp-toast-foot");
    child(foot, "span", "wp-toast-rest", alerts.rest(shown));
    const link = child(foot, "a", "wp-toast-link", "Open alerts");
    link.href = "/alerts";
    link.addEventListener("click", openPage);
    const button = child(toast, "button", "wp-toast-close");
    button.type = "button";
    button.setAttribute("aria-label", "Close");
    child(button, "span", "wp-icon wp-icon-x");
    button.addEventListener("click", close);
    if (hadFocus) button.focus();
  }

  /** Take the toast away; whether it had the focus. */
  function clear() {
    const hadFocus = document.querySelector(".wp-toast:focus-within") !== null;
    document.querySelectorAll(".wp-toast").forEach((one) => one.remove());
    return hadFocus;
  }

  function close() {
    window.clearInterval(timer);
    timer = 0;
    shown = until = null;
    if (clear()) document.getElementById("main").focus({ preventScroll: true });
  }

  function tick() {
    if (!mayTell()) {
      close();
      return;
    }
    const held = document.hidden || document.querySelector(".wp-toast:is(:hover, :focus-within)") !== null;
    until = alerts.until(shown, held, until, Date.now());
    if (Date.now() >= until) close();
  }

  function tell(toast) {
    if (!mayTell() || document.getElementById("alert-toast-warning") === null) return;
    shown = alerts.joined(shown, toast);
    until = null;
    paintToast();
    if (timer === 0) timer = window.setInterval(tick, TICK_MS);
    tick();
  }

  function paintBadges() {
    const badge = alerts.badge(standing.open);
    document.querySelectorAll('[data-alerts="badge"]').forEach((element) => {
      element.hidden = badge === null;
      if (badge === null) return;
      element.dataset.count = badge.text;
      element.setAttribute("aria-label", badge.label);
    });
  }

  /** The server tells what is open. */
  alerts.heard = function heard(told) {
    const [next, toast] = alerts.step(state, told);
    state = next;
    window.waypost.props.setOnceThere("alerts", () => ({ data: state.last }));
    if (toast !== null) tell(toast);
  };

  /** Call `listener(standing)` now, where it is known, and whenever it changes; what is given back ends that. */
  alerts.listen = function listen(listener) {
    listeners.add(listener);
    if (standing !== null) listener(standing);
    return () => listeners.delete(listener);
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostAlerts: {
      /** The store has what is open: nothing, before the server has told. */
      told(given) {
        if (given) {
          standing = given;
          paintBadges();
          listeners.forEach((listener) => listener(standing));
        }
        return window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.alerts);
