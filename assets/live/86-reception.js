/* What comes in over the line: texts and frames into the store, movements into the trails; and which part of the fleet
   is asked for. */
(function (global) {
  "use strict";
  const { protocol, store: stores, trails, filter: filters, scene: scenes, colouring } = global.waypost;
  const LATENCIES = 4096;
  const ASK_AFTER_MS = 120; // of moves in quick succession the last counts
  const MOST_ALSO = 256;
  const RATES = [[1000, 100], [3000, 250], [Infinity, 1000]]; // up to so many devices in view, a frame in so many ms

  /** The least time between two frames, in ms, for a number of devices in view: more is not seen, and costs. */
  function rateFor(visible) {
    return RATES.find(([most]) => visible <= most)[1];
  }

  /** The view to ask the server for, given the box around the window or null. Searching, listing everything, those in
      alert alone, and fitting need all devices; the chosen ones come wherever they are. */
  function viewFor(scene, box, { fitting, wanted, visible }) {
    const everything = fitting || !scene.inView || filters.isSearching(scene.filter) || scene.isOfAlerts();
    const also = [...new Set([...scenes.namesOf(scene), ...wanted])].slice(0, MOST_ALSO);
    return {
      box: everything ? null : box,
      everyMs: rateFor(visible),
      metric: scene.metric === colouring.SPEED ? null : scene.metric,
      also: everything || box === null ? [] : also,
    };
  }

  /** Receive for `page` (90-live.js): scene, view, surface, ask(view), onFrame(frame), wanted (names), fitting. */
  function create(page) {
    const { scene } = page;
    const { store } = scene;
    const latencies = [];
    let refused = 0;
    let asked = viewFor(scene, null, { fitting: false, wanted: page.wanted, visible: 0 });
    let served = null; // the box that the socket serves now
    let asking = 0;

    function onText(text) {
      const message = protocol.decodeText(text);
      if (message === null) return;
      if (message.type === "hello") stores.applyHello(store, message);
      else if (message.type === "devices") stores.applyDevices(store, message);
      else if (message.type === "view") served = message.box;
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
      page.onFrame(frame);
    }

    /** Take what the line brings; throws where it follows no protocol. */
    function onMessage(data) {
      try {
        if (typeof data === "string") onText(data);
        else onFrame(data);
      } catch (error) {
        if (error instanceof protocol.ProtocolError) refused++;
        throw error;
      }
    }

    function askNow() {
      asking = 0;
      const next = viewFor(scene, page.view.boxAround(), { fitting: page.fitting, wanted: page.wanted, visible: page.surface.stats.visible });
      const keeps = next.box !== null && asked.box !== null && page.view.isGoodBox(asked.box);
      if (keeps) next.box = asked.box;
      if (JSON.stringify(next) === JSON.stringify(asked)) return;
      asked = next;
      page.ask(next);
    }

    /** Ask for what is looked at, soon, if that is not what was asked for. */
    function askSoon() {
      if (asking === 0) asking = setTimeout(askNow, ASK_AFTER_MS);
    }

    /** Whether the store has every device: the whole world was asked for, and is what comes. */
    function holdsAll() {
      return asked.box === null && (page.mode.name !== "live" || served === null);
    }

    return { onMessage, askSoon, holdsAll, latencies, asked: () => asked, refused: () => refused, stop: () => clearTimeout(asking) };
  }

  global.waypost.reception = { rateFor, viewFor, create };
})(globalThis);
