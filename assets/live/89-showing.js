/* Writing what is known to the page: panel, list, card, legend, indicator, address. Parts of the session of 90-live.js. */
(function (global) {
  "use strict";
  const { format, store: stores, scene: scenes, address, list, panel, indicator, legend, colouring } = global.waypost;
  const byId = (id) => document.getElementById(id);

  /** What the address should say of a page. */
  function shownBy(page) {
    const { scene } = page;
    const { filter } = scene;
    return {
      devices: [...scenes.namesOf(scene), ...page.wanted],
      state: filter.state, query: filter.query, fleet: filter.fleet, kind: filter.kind, least: filter.least, most: filter.most,
      unlocated: filter.unlocated, alerted: filter.alerted, metric: scene.metric, colour: scenes.colourOf(scene), sort: scene.sort, inView: scene.inView,
      isolate: filter.isolated !== null || page.isolating, follow: page.isFollowing() || page.willFollow,
      mode: page.mode.name === "live" ? null : page.mode.name, everyS: page.mode.name === "interval" ? page.mode.everyS : null, ...scene.shows, place: page.view.chosenPlace(), kiosk: page.isKiosk(),
    };
  }

  /** Functions that write. */
  function create(page) {
    const { scene } = page;
    const { store } = scene;
    const rows = list.create();

    /** Put what is shown into the address, without a step in the history. */
    function remember() {
      const search = address.write(global.location.search, shownBy(page));
      if (search !== global.location.search) global.history.replaceState(global.history.state, "", global.location.pathname + search + global.location.hash);
    }

    function showList() {
      const element = byId("live-list");
      if (element === null || store.snapshots === 0) return;
      const chosen = list.choose(scene, page.view.isInView(store));
      list.setText(byId("live-list-note"), list.noteOf(chosen, scene.filter));
      byId("live-list-note").toggleAttribute("data-wrong", scene.filter.error !== null);
      rows.show(element, scene, chosen.slots, format.inUnit(page.metrics.find(scene.metric).unit).unit);
    }

    function totals() {
      const { moving, stopped, silent, unlocated } = store.totals;
      return { total: store.total, by: [moving, stopped, silent], unlocated };
    }

    function showPanel() {
      if (store.snapshots === 0) return;
      panel.showTotals(totals(), scene.filter);
      panel.showAlerted(scene);
      panel.showFilters(scene, page.metrics.all(), scenes.colourOf(scene));
      panel.press("live-card-isolate", scene.filter.isolated !== null);
      byId("live-page").toggleAttribute("data-isolated", scene.filter.isolated !== null);
      showList();
    }

    function showStatus() {
      const now = scene.serverMs();
      const { mode } = page;
      const status = indicator.statusOf({
        mode: mode.name,
        everyS: mode.everyS,
        connection: page.line.state().phase,
        online: global.navigator.onLine,
        paused: store.paused,
        newestAgeMs: stores.newestAgeMs(store, now),
        silentAfterMs: store.silentAfterMs,
      });
      const newest = Number.isNaN(store.newestAt) ? "" : `Newest data: ${new Date(store.newestAt).toLocaleString()}`;
      indicator.show(status, newest, page.partOver(performance.now()));
      const element = byId("live-page");
      if (element === null) return;
      element.dataset.status = status.state;
      element.dataset.phase = store.snapshots === 0 ? "loading" : store.total === 0 && store.count === 0 ? "empty" : "ready";
    }

    function showLegend() {
      const colours = page.surface.colours();
      const metric = page.metrics.find(scene.metric);
      const ofColours = legend.contentOf(scene, page.surface.density, colours, metric);
      legend.show(legend.partsOf([ofColours, legend.heatOf(page.heat.most(), colours)], legend.alertsOf(page.surface.stats.ringed)));
    }

    /** All of it; once a second and whenever something was changed. */
    function refresh() {
      showStatus();
      if (document.hidden) return;
      if (scenes.setUnit(scene, page.metrics.find(scene.metric).unit)) page.surface.recolour();
      if (colouring.learn(scene.colouring, store)) page.surface.wake();
      showPanel();
      page.heat.refresh();
      page.details.show(scene, page.metrics.find(scene.metric), page.mode.name !== "paused");
      showLegend();
    }

    return { remember, showList, showStatus, showLegend, refresh, listKey: (key, row) => rows.onKey(byId("live-list"), key, row, showList), reachRow: rows.reach };
  }

  global.waypost.showing = { shownBy, create };
})(globalThis);
