/* The live map of one page: joins connection, store, layer, panel and card. `mount` is called by dash-leaflet
   when the layer group is added to the map; everything ends when it is removed. */
(function (global) {
  "use strict";
  const { protocol, store: stores, trails, past: pasts, connection, layer, pointer, address, panel, card, indicator, camera, controls } = global.waypost;
  const BEAT_MS = 1000;
  const LATENCIES = 4096;
  const NO_PAST = new Float64Array(0);
  let session = null;

  const byId = (id) => document.getElementById(id);

  /** Everything one mounted map holds. */
  function start(map) {
    const page = byId("live-page");
    const asked = address.read(global.location.search, stores.STATES);
    const scene = {
      store: stores.create(),
      ring: trails.create(),
      selected: -1,
      past: NO_PAST,
      hovered: -1,
      only: asked.state,
      query: asked.query,
      tiles: page !== null && page.dataset.tiles === "on",
      onDrawn: () => pointing.refresh(),
      clear: () => camera.insets(map),
    };
    const { store } = scene;
    const latencies = [];
    const showList = panel.createList();
    const past = pasts.create({ fetch: (...args) => global.fetch(...args) });
    const details = card.create({ fetch: (...args) => global.fetch(...args), now: () => performance.now() });
    const view = camera.create(map, asked.place);
    let wanted = asked.device; // selected as soon as it is known
    let following = false;
    let settling = false; // the card may still grow over the device that was just selected
    let refused = 0;
    let pointing = { refresh() {}, detach() {} };

    const serverMs = () => stores.serverNow(store, Date.now());
    const nameOf = (slot) => (slot < 0 ? null : store.name[slot]);

    function remember() {
      const shown = { device: nameOf(scene.selected) || wanted, state: scene.only, query: scene.query, place: view.chosenPlace() };
      const search = address.write(global.location.search, shown, stores.STATES);
      if (search !== global.location.search) global.history.replaceState(global.history.state, "", global.location.pathname + search + global.location.hash);
    }

    function refreshPanel() {
      const list = byId("live-list");
      const now = serverMs();
      if (list === null || store.snapshots === 0) return;
      panel.showTotals(stores.counts(store, now), scene.only);
      const isInView = view.isInView(store);
      const chosen = panel.choose(store, { query: scene.query, only: scene.only, serverMs: now, isInView, most: panel.MOST_ROWS });
      panel.setText(byId("live-list-note"), panel.noteOf(chosen, scene.query));
      showList(list, store, chosen.rows, now, scene.selected);
    }

    function refreshStatus() {
      const now = serverMs();
      const status = indicator.statusOf({
        connection: line.state().phase,
        online: global.navigator.onLine,
        paused: store.paused,
        newestAgeMs: stores.newestAgeMs(store, now),
        silentAfterMs: store.silentAfterMs,
      });
      indicator.show(status, Number.isNaN(store.newestAt) ? "" : `Newest data: ${new Date(store.newestAt).toLocaleString()}`);
      if (page === null) return;
      page.dataset.status = status.state;
      page.dataset.phase = store.snapshots === 0 ? "loading" : store.total === 0 && store.count === 0 ? "empty" : "ready";
    }

    function refresh() {
      refreshStatus();
      if (document.hidden) return;
      refreshPanel();
      details.show(store, scene.selected, serverMs());
    }

    /** Select a device (slot, -1 for none) and see to it that no panel covers it. */
    function select(slot) {
      scene.selected = slot;
      wanted = null;
      if (slot < 0) setFollowing(false);
      if (page !== null) page.toggleAttribute("data-selected", slot >= 0);
      global.dash_clientside.set_props("live-selected", { data: nameOf(slot) });
      refresh();
      settling = slot >= 0;
      uncover();
      askPast();
      surface.drawGround();
      surface.wake();
      remember();
    }

    function askPast() {
      scene.past = NO_PAST;
      past.forget();
      if (scene.selected < 0) return;
      past.ask(nameOf(scene.selected), serverMs(), (steps) => {
        scene.past = steps;
        surface.drawGround();
      });
    }

    /** Bring the selected device out from under the panels. */
    function uncover() {
      if (settling || following) view.show(surface.windowPointOf(scene.selected));
    }

    function setFollowing(on) {
      following = on && scene.selected >= 0;
      const button = byId("live-card-follow");
      if (button !== null) button.setAttribute("aria-pressed", String(following));
      uncover();
    }

    function setOnly(state) {
      scene.only = state;
      surface.wake();
      refresh();
      remember();
    }

    function setQuery(query) {
      scene.query = query;
      refreshPanel();
      remember();
    }

    function onText(text) {
      const message = protocol.decodeText(text);
      if (message === null) return;
      if (message.type === "hello") stores.applyHello(store, message);
      else if (message.type === "devices") stores.applyDevices(store, message);
    }

    function noteLatency(frame) {
      if (frame.kind !== "delta" || frame.n === 0) return;
      let least = Infinity;
      for (let i = 0; i < frame.n; i++) if (frame.ageMs[i] < least) least = frame.ageMs[i];
      latencies.push(Date.now() - (frame.asOf - least));
      if (latencies.length > LATENCIES) latencies.shift();
    }

    function onFrame(buffer) {
      const frame = protocol.decodeFrame(buffer);
      const now = performance.now();
      stores.applyFrame(store, frame, now, Date.now(), (slot, fromX, fromY, gapMs) => {
        trails.add(scene.ring, slot, fromX, fromY, store.x[slot], store.y[slot], gapMs, now);
      });
      noteLatency(frame);
      if (frame.n > 0) surface.wake();
      if (frame.kind === "snapshot") onSnapshot();
      view.fitOnce(stores.extent, store);
      if (wanted !== null && store.slotOfName.has(wanted)) select(store.slotOfName.get(wanted));
      if (following && frame.n > 0) uncover();
    }

    function onSnapshot() {
      if (scene.selected >= 0 && Number.isNaN(store.seenAt[scene.selected])) select(-1);
      refresh();
    }

    function onMessage(data) {
      try {
        if (typeof data === "string") onText(data);
        else onFrame(data);
      } catch (error) {
        if (error instanceof protocol.ProtocolError) refused++;
        throw error;
      }
    }

    function beat() {
      refresh();
      if (!document.hidden) surface.beat();
    }

    const surface = layer.attach(map, scene);
    const line = connection.open({
      url: connection.liveUrl(global.location),
      onMessage,
      onChange: () => queueMicrotask(refreshStatus),
      env: {
        WebSocket: global.WebSocket,
        now: () => performance.now(),
        random: Math.random,
        setInterval: (run, ms) => global.setInterval(run, ms),
        clearInterval: (timer) => global.clearInterval(timer),
      },
    });
    pointing = pointer.attach(map, {
      hit: surface.hit,
      placeOf: surface.windowPointOf,
      describe: (slot) => controls.describe(store, slot, serverMs()),
      hover: (slot) => {
        scene.hovered = slot;
        surface.wake();
      },
      select,
    });
    const listening = controls.listen({
      select,
      selected: () => scene.selected,
      only: () => scene.only,
      setOnly,
      setQuery,
      isFollowing: () => following,
      setFollowing,
      online: line.online,
      wake: () => {
        refresh();
        surface.wake();
      },
    });
    const onMoved = () => {
      refreshPanel();
      remember();
    };
    const onSteered = (event) => {
      settling = false;
      if (event.type === "dragstart") setFollowing(false);
    };
    map.on("moveend", onMoved).on("dragstart zoomstart", onSteered);
    const timer = global.setInterval(beat, BEAT_MS);
    const growing = new ResizeObserver(uncover);
    if (byId("live-card") !== null) growing.observe(byId("live-card"));
    controls.prepare(scene.query);
    refresh();

    return {
      scene,
      surface,
      line,
      latencies,
      refused: () => refused,
      isFollowing: () => following,
      map,
      stop() {
        global.clearInterval(timer);
        map.off("moveend", onMoved).off("dragstart zoomstart", onSteered);
        growing.disconnect();
        line.stop();
        listening.abort();
        pointing.detach();
        view.detach();
        surface.detach();
        details.forget();
        past.forget();
      },
    };
  }

  /** Handler of the layer group's `add` event. */
  function mount(event, context) {
    if (session !== null) session.stop();
    const mine = start(context.map);
    session = mine;
    event.target.once("remove", () => {
      mine.stop();
      if (session === mine) session = null;
    });
  }

  global.waypost.live = { mount, session: () => session };
})(globalThis);
