/* What people can do with the live map: each function is what one button, key or field does. `page` is the session of
   90-live.js: scene, surface, map, view (camera), measuring, places, setMode, refresh, changed. */
(function (global) {
  "use strict";
  const { scene: scenes, filter: filters, address, panel, menus, keys } = global.waypost;
  const COLOURS = ["state", "fleet", "kind", "value"];
  const byId = (id) => document.getElementById(id);

  /** A number that was typed, null where there is none. A comma is a decimal point to many. */
  function numberOf(text) {
    const value = Number(text.trim().replace(",", "."));
    return text.trim() === "" || !Number.isFinite(value) ? null : value;
  }

  function nextOf(all, one) {
    return all[(all.indexOf(one) + 1) % all.length];
  }

  /** Actions on filters and the list. */
  function listActions(page) {
    const { scene } = page;
    const set = (change) => {
      Object.assign(scene.filter, change);
      page.changed();
    };
    return {
      toggleState: (state) => set({ state: scene.filter.state === state ? null : state }),
      toggleUnlocated: () => set({ unlocated: !scene.filter.unlocated }),
      toggleAlerted: () => set({ alerted: !scene.filter.alerted }),
      setFleet: (fleet) => set({ fleet: fleet || null }),
      setKind: (kind) => set({ kind: kind || null }),
      setLeast: (text) => set({ least: numberOf(text) }),
      setMost: (text) => set({ most: numberOf(text) }),
      setQuery(query) {
        filters.setQuery(scene.filter, query);
        page.changed();
      },
      clearFilters() {
        set({ state: null, fleet: null, kind: null, least: null, most: null, unlocated: false, alerted: false });
        for (const id of ["live-least", "live-most"]) panel.setField(id, "");
      },
      setMetric(metric) {
        scenes.setMetric(scene, metric);
        for (const id of ["live-least", "live-most"]) panel.setField(id, "");
        page.recoloured();
      },
      setSort(sort) {
        scene.sort = sort;
        page.changed();
      },
      toggleInView() {
        scene.inView = !scene.inView;
        page.changed();
      },
      toggleFilters() {
        const box = byId("live-filters");
        box.hidden = !box.hidden;
        byId("live-filters-open").setAttribute("aria-expanded", String(!box.hidden));
      },
      toggleFold() {
        const folded = byId("live-page").toggleAttribute("data-folded");
        panel.press("live-panel-fold", !folded, "aria-expanded");
      },
      search() {
        byId("live-page").setAttribute("data-drawer", "");
        byId("live-page").removeAttribute("data-folded");
        panel.press("live-panel-fold", true, "aria-expanded");
        panel.fieldOf("live-search").focus();
      },
    };
  }

  /** Actions on what is drawn. */
  function drawingActions(page) {
    const { scene } = page;
    const shows = (name) => () => {
      scene.shows[name] = !scene.shows[name];
      page.changed();
    };
    const colour = (by) => {
      scenes.setColour(scene, by);
      page.recoloured();
    };
    return {
      toggleNames: shows("names"),
      toggleGlide: shows("glide"),
      toggleDensity: shows("density"),
      toggleHeat: shows("heat"),
      toggleMachine: () => page.machine.toggle(),
      setTrails(trails) {
        scene.shows.trails = trails;
        page.changed();
      },
      nextTrails() {
        scene.shows.trails = nextOf(address.TRAILS, scene.shows.trails);
        menus.say({ all: "Trails of all devices", selected: "Trails of the selected devices", none: "No trails" }[scene.shows.trails]);
        page.changed();
      },
      /** "state", "fleet", "kind", or "value:" and the metric. */
      setColour(choice) {
        if (choice.startsWith("value:")) scenes.setMetric(scene, choice.slice("value:".length));
        colour(choice.split(":")[0]);
      },
      nextColour: () => colour(nextOf(COLOURS, scenes.colourOf(scene))),
      openLayers: () => menus.toggle("live-tool-layers"),
    };
  }

  /** Actions on the choice of devices. */
  function choiceActions(page) {
    const { scene } = page;
    return {
      select: page.select,
      letGo: () => page.select(-1),
      toggle(slot) {
        scenes.toggle(scene, slot);
        page.chosen();
      },
      showCard(slot) {
        scene.selected = slot;
        page.chosen();
      },
      toggleFollow: () => scene.selected >= 0 && page.setFollowing(!page.isFollowing()),
      toggleIsolate() {
        scenes.isolate(scene, scene.filter.isolated === null);
        page.changed();
      },
      async share() {
        const link = global.location.href;
        try {
          await navigator.clipboard.writeText(link);
          menus.say("The link to this view is copied");
        } catch {
          menus.say(`This view: ${link}`); // no clipboard outside of https and localhost
        }
      },
    };
  }

  /** Actions on the map and the page. */
  function mapActions(page) {
    const { scene, measuring, places } = page;
    return {
      fitAll: page.fitAll,
      openJump: () => menus.toggle("live-tool-jump"),
      openKeys() {
        keys.fillOverlay(byId("live-keys-list"));
        menus.toggle("live-tool-keys");
      },
      jump(text) {
        const found = places.jump(text);
        global.waypost.list.setText(byId("live-jump-note"), found ? "" : "That is no place. Write 30.27, -97.74 or 30°16′N 97°44′W.");
        if (found) menus.closeAll();
      },
      locate: () => places.locate(),
      toggleMeasure: () => measuring.toggle(),
      toggleFull() {
        if (document.fullscreenElement !== null) document.exitFullscreen();
        else byId("live-page").requestFullscreen().catch(() => menus.say("This browser does not allow full screen here."));
      },
      fullChanged: () => panel.press("live-tool-full", document.fullscreenElement !== null),
      toggleKiosk: page.toggleKiosk,
      togglePause: page.togglePause,
      /** Esc: close what is open, end what is going on, let go of the choice; one at a time. */
      escape() {
        if (menus.closeAll()) return;
        if (measuring.isOn()) measuring.end();
        else if (scene.filter.isolated !== null) {
          scenes.isolate(scene, false);
          page.changed();
        } else if (scene.chosen.size > 0) page.select(-1);
        else places.clear();
      },
    };
  }

  /** All of them, by the names that 83-keys.js and 84-controls.js use. */
  function create(page) {
    return { ...listActions(page), ...drawingActions(page), ...choiceActions(page), ...mapActions(page), listKey: page.listKey, enterList: page.enterList, reachRow: page.reachRow, scrolled: page.scrolled, seen: page.seen, online: page.online };
  }

  global.waypost.actions = { numberOf, create };
})(globalThis);
