/* The live map of one page: joins line, store, layer, panel and card. `mount` is called by dash-leaflet when the layer
   group is added to the map; everything ends when it is removed. */
(function (global) {
  "use strict";
  const waypost = global.waypost;
  const { format, store: stores, scene: scenes, layer, pointer, box, address, panel, card, metrics, camera, controls, actions } = waypost;
  const { past: pasts, mode: modes, reception, showing, measure, places, menus, kiosk, heat, alerting } = waypost;
  const BEAT_MS = 1000;
  const METRICS_EVERY_BEATS = 60;
  let session = null;

  const byId = (id) => document.getElementById(id);

  /** What the browser gives; tests of the parts bring their own. */
  function environment() {
    return {
      fetch: (...args) => global.fetch(...args),
      now: () => performance.now(),
      wallMs: () => Date.now(),
      WebSocket: global.WebSocket,
      random: Math.random,
      setInterval: (run, ms) => global.setInterval(run, ms),
      clearInterval: (timer) => global.clearInterval(timer),
      setTimeout: (run, ms) => global.setTimeout(run, ms),
      clearTimeout: (timer) => global.clearTimeout(timer),
    };
  }

  /** The choice of devices: selecting, following, keeping them in sight. */
  function choosing(page) {
    const { scene } = page;
    let following = false;
    let settling = false; // the card may still grow over the device that was just selected

    /** Bring the selected device out from under the panels. */
    function uncover() {
      if (settling || following) page.view.show(page.surface.windowPointOf(scene.selected));
    }

    function setFollowing(on) {
      following = on && scene.selected >= 0;
      panel.press("live-card-follow", following);
      uncover();
      page.remember();
    }

    /** The choice has changed: the card, the trails, the question to the server and the address follow. */
    function chosen() {
      const { store } = scene;
      if (scene.selected < 0) following = false;
      panel.press("live-card-follow", following);
      if (byId("live-page") !== null) byId("live-page").toggleAttribute("data-selected", scene.selected >= 0);
      global.waypost.props.set("live-selected", { data: scene.selected < 0 ? null : store.name[scene.selected] });
      settling = scene.selected >= 0;
      const devices = [...scene.chosen].map((slot) => [slot, store.name[slot]]);
      page.past.want(devices, scene.serverMs(), () => page.surface.drawGround());
      page.changed();
      uncover();
    }

    /** Select a device (slot, -1 for none) and no other. */
    function select(slot) {
      page.wanted = [];
      scenes.choose(scene, slot < 0 ? [] : [slot]);
      chosen();
    }

    /** Select those that the address asks for, as they become known. */
    function selectWanted() {
      const known = page.wanted.map((name) => scene.store.slotOfName.get(name)).filter((slot) => slot !== undefined);
      if (known.length === 0) return;
      page.wanted = page.wanted.filter((name) => !scene.store.slotOfName.has(name));
      const { isolating, willFollow } = page;
      scenes.choose(scene, [...new Set([...(scene.selected < 0 ? [] : [scene.selected]), ...scene.chosen, ...known])]);
      if (isolating) scenes.isolate(scene, true);
      page.isolating = page.willFollow = false;
      chosen();
      if (willFollow) setFollowing(true);
    }

    /** Somebody moved the map. */
    function steered(event) {
      settling = false;
      if (event.type === "dragstart") setFollowing(false);
    }

    return { uncover, setFollowing, isFollowing: () => following, chosen, select, selectWanted, steered };
  }

  /** What the page does when something has come in or was changed. */
  function reacting(page) {
    const { scene, surface } = page;

    /** Something of what is shown was changed. */
    function changed() {
      surface.redrawAll();
      page.refresh();
      page.remember();
      page.reception.askSoon();
    }

    function recoloured() {
      surface.recolour();
      changed();
    }

    function onFrame(frame) {
      if (frame.n > 0 || frame.kind === "snapshot") surface.wake();
      page.view.fitOnce(stores.extent, scene.store);
      if (page.fitting && page.reception.holdsAll() && frame.kind !== "heartbeat") fit();
      if (page.wanted.length > 0) page.selectWanted();
      const gone = [...scene.chosen].filter((slot) => Number.isNaN(scene.store.seenAt[slot]));
      if (frame.kind === "snapshot" && gone.length > 0) {
        scenes.choose(scene, [...scene.chosen].filter((slot) => !gone.includes(slot)));
        page.chosen();
      }
      if (frame.kind === "snapshot") page.refresh();
      if (page.isFollowing() && frame.n > 0) page.uncover();
      page.reception.askSoon();
    }

    function fit() {
      page.fitting = false;
      page.view.fit(stores.extent(scene.store), true);
      page.reception.askSoon();
    }

    function fitAll() {
      if (page.reception.holdsAll()) {
        fit();
        return;
      }
      page.fitting = true;
      page.reception.askSoon();
    }

    return { changed, recoloured, onFrame, fitAll };
  }

  /** The wall screen, begun by the address or a key. */
  function walling(page, asked) {
    let end = asked.kiosk ? kiosk.start(() => new Date()) : null;
    return {
      isKiosk: () => end !== null,
      endKiosk: () => end !== null && end(),
      toggleKiosk() {
        if (end !== null) end();
        end = end === null ? kiosk.start(() => new Date()) : null;
        page.remember();
      },
    };
  }

  /** Everything one mounted map holds. */
  function start(map) {
    const env = environment();
    const asked = address.read(global.location.search);
    const page = { map, wanted: asked.devices, isolating: asked.isolate, willFollow: asked.follow, fitting: false };
    const scene = (page.scene = scenes.create(asked, env));
    page.view = camera.create(map, asked.place);
    page.past = pasts.create(env);
    page.metrics = metrics.create(env);
    page.details = card.create(env);
    page.mode = modes.create(asked);
    scene.pasts = page.past.steps;
    scene.tiles = () => byId("live-page") !== null && byId("live-page").dataset.tiles === "on";
    scene.clear = () => camera.insets(map);
    page.surface = layer.attach(map, scene);
    page.heat = heat.create(page, env);
    Object.assign(page, walling(page, asked), choosing(page), showing.create(page), reacting(page));
    page.reception = reception.create(page);
    page.alerting = alerting.create(page);
    page.measuring = measure.create(map, (on) => {
      panel.press("live-tool-measure", on);
      if (on) menus.say("Click places on the map; Esc ends");
      else menus.unsay();
    });
    page.places = places.create(map, menus.say);
    Object.assign(page, modes.lineOf(page, env));
    Object.assign(page, {
      seen() {
        page.hidden(document.hidden);
        if (document.hidden) return;
        page.refresh();
        page.surface.redrawAll();
      },
      scrolled: page.showList,
      enterList() {
        const first = document.querySelector("#live-list .wp-row[tabindex='0']") || document.querySelector("#live-list .wp-row");
        if (first !== null) first.focus();
      },
    });
    return attach(page, asked);
  }

  /** Listen to the map, the page and the clock; returns the session. */
  function attach(page, asked) {
    const { map, scene, surface } = page;
    const does = actions.create(page);
    const pointing = pointer.attach(map, {
      hit: surface.hit,
      hexagonAt: surface.hexagonAt,
      placeOf: surface.windowPointOf,
      describe: (slot) => controls.describe(scene, slot, format.inUnit(page.metrics.find(scene.metric).unit).unit),
      hover(slot) {
        scene.hovered = slot;
        surface.wake();
      },
      click(slot, latlng, adding) {
        if (page.measuring.isOn()) page.measuring.add(latlng);
        else if (!adding) page.select(slot);
        else if (slot >= 0) does.toggle(slot);
      },
    });
    const boxing = box.attach(map, {
      pick(one, other) {
        scenes.choose(scene, [...new Set([...surface.within(one, other), ...scene.chosen])]);
        page.chosen();
      },
    });
    scene.onDrawn = () => {
      pointing.refresh();
      page.showLegend();
    };
    const listening = controls.listen(does);
    const moved = () => {
      page.showList();
      page.heat.refresh();
      page.remember();
      page.reception.askSoon();
    };
    map.on("moveend", moved).on("dragstart zoomstart", page.steered);
    let beats = 0;
    const beat = () => {
      if (beats++ % METRICS_EVERY_BEATS === 0) page.metrics.ask();
      page.refresh();
      if (!document.hidden) surface.beat();
    };
    const timer = global.setInterval(beat, BEAT_MS);
    const growing = new ResizeObserver(page.uncover);
    if (byId("live-card") !== null) growing.observe(byId("live-card"));
    prepare(asked);
    beat();
    const endAlerts = page.alerting.begin();
    page.machine = waypost.timeMachine.create(page, environment());
    page.machine.begin();
    return Object.assign(page, {
      latencies: page.reception.latencies,
      refused: page.reception.refused,
      stop() {
        global.clearInterval(timer);
        map.off("moveend", moved).off("dragstart zoomstart", page.steered);
        growing.disconnect();
        endAlerts();
        page.stopLine();
        page.reception.stop();
        listening.abort();
        for (const part of [pointing, boxing, page.view, page.heat, page.machine]) part.detach();
        page.measuring.end();
        page.places.clear();
        surface.detach();
        page.details.forget();
        page.past.want([], 0, () => undefined);
        page.endKiosk();
      },
    });
  }

  /** Fill in the fields that only the browser can: what the address says. */
  function prepare(asked) {
    if (asked.query) panel.setField("live-search", asked.query);
    if (asked.least !== null) panel.setField("live-least", String(asked.least));
    if (asked.most !== null) panel.setField("live-most", String(asked.most));
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

  waypost.live = { mount, session: () => session };
})(globalThis);
