/* The History page: its zoom, which is a step of the browser's history, its address, and the cursor that chart, map and
   overview share. */
window.waypost = window.waypost || {};
window.waypost.history = window.waypost.history || {};

(function defineHistory(history) {
  const iso = (ms) => new Date(Math.round(ms)).toISOString();

  /** The query of an address that holds what is shown; what is not ours stays as it is. */
  history.searchOf = function searchOf(search, { devices, metrics, compare, zoom }) {
    const query = new URLSearchParams(search);
    ["device", "metric", "compare", "zoom"].forEach((name) => query.delete(name));
    (devices || []).forEach((name) => query.append("device", name));
    (metrics || []).forEach((name) => query.append("metric", name));
    if (compare) query.set("compare", "1");
    if (zoom) query.set("zoom", `${iso(zoom.from)}~${iso(zoom.to)}`);
    const text = query.toString();
    return text ? `?${text}` : "";
  };

  /** The zoom in the query of an address, {from, to} in ms of UTC, or null. */
  history.zoomOf = function zoomOf(search) {
    const parts = (new URLSearchParams(search).get("zoom") || "").split("~").map(Date.parse);
    return parts.length === 2 && parts[0] < parts[1] ? { from: parts[0], to: parts[1] } : null;
  };

  /** Whether two addresses show the same page but for their zoom. */
  history.onlyZoomed = function onlyZoomed(one, other) {
    const rest = (search) => {
      const query = new URLSearchParams(search);
      query.delete("zoom");
      return query.toString();
    };
    return rest(one) === rest(other);
  };

  /** The options of a picker with those that were found besides; null where it has them all.

      It only grows: Mantine drops what is chosen once it is not among the options, and the answer to a search may come
      after another choice. */
  history.offered = function offered(options, found) {
    const here = new Set((options || []).map((option) => option.value));
    const others = (found || []).filter((option) => !here.has(option.value));
    return others.length > 0 ? [...(options || []), ...others] : null;
  };

  /** A span that people drag is not shorter than can be shown. */
  history.usable = function usable(span) {
    const least = window.waypost.brush.LEAST_MS;
    if (span.to - span.from >= least) return span;
    const middle = (span.from + span.to) / 2;
    return { from: middle - least / 2, to: middle + least / 2 };
  };

  /** What a draft of an annotation is about, in words. */
  history.draftWords = function draftWords(draft) {
    if (!draft) return "Drag over a span of the chart, or click a moment.";
    const day = { day: "numeric", month: "short" };
    const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
    const words = (ms, how) => new Date(ms).toLocaleString(undefined, how);
    const first = words(draft.from, { ...day, ...clock });
    if (draft.to === null) return first;
    const same = words(draft.from, day) === words(draft.to, day);
    return `${first} to ${words(draft.to, same ? clock : { ...day, ...clock })}`;
  };
})(window.waypost.history);

(function startHistory(history) {
  if (typeof document === "undefined") return;
  const CHART = "history";
  const set = (id, props) => window.waypost.props.set(id, props);
  const page = () => document.querySelector(".wp-history");
  let state = null; // what the controls say: {devices, metrics, compare, zoom}
  let view = null; // {from, to} that is shown
  let period = null; // as the picker says
  let annotating = false;
  let overview = null;
  let tracks = null;
  let themes = null; // the colours of each scheme
  let depth = 0; // zooms of this visit that the back button leads out of

  function write(push) {
    const search = history.searchOf(window.location.search, state);
    if (search === window.location.search) return;
    const address = window.location.pathname + search + window.location.hash;
    if (push) window.history.pushState({ waypostZoom: true }, "", address);
    else window.history.replaceState(window.history.state, "", address);
  }

  /** Show a span, or the whole period; a step that the browser's back button takes back. */
  function zoomTo(span) {
    if (!state) return;
    state = Object.assign({}, state, { zoom: span === null ? null : history.usable(span) });
    depth += 1;
    write(true);
    window.waypost.brush.zoomed(state.zoom); // at once: another key may come before Dash has called back
    set("history-zoom", { data: state.zoom });
  }

  function zoomOut() {
    if (!state || !state.zoom) return;
    if (depth > 0) window.history.back();
    else zoomTo(null);
  }

  function pointed(ms, from) {
    if (from !== "chart") window.waypost.panels.point(CHART, ms);
    window.waypost.tracks.point(ms);
    window.waypost.brush.point(ms);
  }

  function draft(span) {
    set("history-draft", { data: span });
    const words = document.getElementById("history-draft-words");
    if (words) words.textContent = history.draftWords(span);
  }

  function annotate(on) {
    annotating = on;
    const form = document.querySelector(".wp-draft");
    if (form) form.hidden = !on;
    if (page()) page().toggleAttribute("data-annotating", on);
    if (on) draft(state && state.zoom ? { from: state.zoom.from, to: state.zoom.to } : null);
  }

  /** Choose a device that was suggested; it may not be among the options yet. */
  function add(device) {
    set("history-found", { data: [{ value: device, label: device }] });
    set("history-devices", { value: [...((state && state.devices) || []), device] });
  }

  /** The parts that this page brings together. Their files are loaded after this one. */
  function connect() {
    window.waypost.panels.listen(CHART, {
      point: (ms) => pointed(ms, "chart"),
      out: zoomOut,
      drag(span) {
        if (!annotating) {
          zoomTo(span);
          return;
        }
        draft(span);
        if (view) window.waypost.panels.show(CHART, view); // Plotly has zoomed into what was dragged
      },
      click(ms) {
        if (annotating) draft({ from: ms, to: null });
      },
    });
    window.waypost.tracks.listen((ms) => pointed(ms, "map"));
  }

  function colours() {
    const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
    return (themes[scheme] || themes.light).series;
  }

  function showOverview() {
    if (page() && overview && themes) window.waypost.brush.show(overview, colours(), zoomTo);
  }

  function showTracks() {
    if (page() && themes) window.waypost.tracks.show(tracks, colours());
  }

  /** Run it on the page. Dash calls back with the first values of a page before that is in the document. */
  function onceDrawn(run, tries = 200) {
    if (page()) run();
    else if (tries > 0 && window.location.pathname === "/history") window.setTimeout(onceDrawn, 25, run, tries - 1);
  }

  /** What the controls say now. */
  function take(next) {
    if (!page().dataset.started) {
      page().dataset.started = "true";
      connect();
      depth = 0;
      annotating = false;
    }
    state = next;
    write(false);
    window.waypost.brush.zoomed(state.zoom);
    page().toggleAttribute("data-zoomed", Boolean(state.zoom));
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostHistory: {
      /** A control changed: keep it in the address. */
      changed(devices, metrics, compare, zoom) {
        const next = { devices, metrics, compare: Boolean(compare), zoom };
        onceDrawn(() => take(next));
        return window.dash_clientside.no_update;
      },

      /** A search has found devices. */
      offer(found, options) {
        return history.offered(options, found) || window.dash_clientside.no_update;
      },

      /** Another period was chosen: the zoom into the last one goes. */
      period(next) {
        const text = next ? `${next.from} ${next.to}` : null;
        const other = period !== null && text !== null && text !== period && page() && page().dataset.started;
        period = text;
        return other ? null : window.dash_clientside.no_update;
      },

      /** An answer has come: what is in view, and the overview. */
      answered(period_, shown, known) {
        [overview, view, themes] = [period_, shown, known];
        onceDrawn(showOverview);
        return window.dash_clientside.no_update;
      },

      tracked(found, known) {
        [tracks, themes] = [found, known];
        onceDrawn(showTracks);
        return window.dash_clientside.no_update;
      },

      /** An annotation was written. */
      written(count) {
        if (count) annotate(false);
        return window.dash_clientside.no_update;
      },
    },
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-history]");
    if (!button) return;
    const what = button.dataset.history;
    if (what === "out") zoomOut();
    else if (what === "annotate") annotate(!annotating);
    else if (what === "view" && view) draft({ from: view.from, to: view.to });
    else if (what === "add") add(button.dataset.device);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && annotating) annotate(false);
  });
  new MutationObserver(() => {
    showOverview();
    showTracks();
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
  // In the capture phase: Dash would draw the whole page anew for a step that only zooms.
  window.addEventListener(
    "popstate",
    (event) => {
      if (!page() || !state || window.location.pathname !== "/history") return;
      if (!history.onlyZoomed(window.location.search, history.searchOf(window.location.search, state))) return;
      event.stopImmediatePropagation();
      depth = Math.max(0, depth - 1);
      state = Object.assign({}, state, { zoom: history.zoomOf(window.location.search) });
      set("history-zoom", { data: state.zoom });
    },
    true,
  );
})(window.waypost.history);
