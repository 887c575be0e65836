/* The Settings page: what differs from its default, the bar with the way back, and moments in the reader's zone. */
window.waypost = window.waypost || {};
window.waypost.settings = window.waypost.settings || {};

(function defineSettings(settings) {
  /** The class of the button that says a default: it stands back where the value is the default. */
  settings.classOf = function classOf(value, initial) {
    return JSON.stringify(value) === initial ? "wp-default" : "wp-default wp-default-differs";
  };

  /** The bar for a stack of changes: {text, hidden}; it opens for the newest change, and closes when all are undone. */
  settings.barOf = function barOf(stack) {
    const last = Array.isArray(stack) ? stack[stack.length - 1] : undefined;
    return { text: last ? last.said : "", hidden: !last };
  };

  /** A moment (ISO 8601) as people read it in their own zone. */
  settings.moment = function moment(iso, locale, timeZone) {
    const found = new Date(iso);
    if (Number.isNaN(found.getTime())) return iso;
    return found.toLocaleString(locale, { timeZone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  };
})(window.waypost.settings);

(function startSettings(settings) {
  if (typeof document === "undefined") return;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostSettings: {
      differs: (value, initial) => settings.classOf(value, initial),

      putBack(clicks, initial) {
        return clicks ? JSON.parse(initial) : window.dash_clientside.no_update;
      },

      showBar(stack) {
        const closed = window.dash_clientside.callback_context.triggered.some((one) => one.prop_id.startsWith("settings-bar-close"));
        const shown = settings.barOf(stack);
        window.dash_clientside.set_props("settings-bar", { hidden: closed || shown.hidden });
        if (!closed) window.dash_clientside.set_props("settings-bar-text", { children: shown.text });
        return window.dash_clientside.no_update;
      },

      /** The audit was drawn anew: once it is there, its moments are put into the reader's words. */
      localise() {
        window.setTimeout(() => {
          document.querySelectorAll("time.wp-local-time").forEach((element) => {
            if (element.dataset.local === element.dateTime) return;
            element.dataset.local = element.dateTime;
            element.textContent = settings.moment(element.dateTime);
          });
        }, 0);
        return window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.settings);
