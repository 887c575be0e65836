/* The card of the selected device: what the map knows at once, and its values from the REST API. */
(function (global) {
  "use strict";
  const { format, list, protocol, projection, sparkline, store: stores } = global.waypost;
  const MOST_CHIPS = 24;
  const REFRESH_MS = 2000;
  const NAME_LETTERS = 30;
  const TEXT_LETTERS = 40;
  const MOST_VALUES = 24;

  const element = (id) => document.getElementById(id);

  function setQuantity(id, quantity) {
    list.setText(element(`live-card-${id}`), quantity.value);
    list.setText(element(`live-card-${id}-unit`), quantity.unit);
  }

  /** Facts of the API's answer as [name, text] pairs, sorted: numbers, then words. Anything else is left out. */
  function factsOf(details) {
    const numbers = Object.entries(details.values || {}).filter(([, value]) => typeof value === "number");
    const words = Object.entries({ kind: details.kind, fleet: details.fleet, ...details.attributes });
    const texts = words.filter(([, value]) => ["string", "number", "boolean"].includes(typeof value) && value !== "");
    const byName = ([a], [b]) => a.localeCompare(b);
    return [
      ...numbers.sort(byName).map(([name, value]) => [name, format.number(value, 4)]),
      ...texts.sort(byName).map(([name, value]) => [name, String(value)]),
    ].slice(0, MOST_VALUES);
  }

  function fillFacts(box, facts) {
    if (box.children.length !== facts.length * 2) {
      box.replaceChildren(...facts.flatMap(() => [document.createElement("dt"), document.createElement("dd")]));
    }
    facts.forEach(([name, text], i) => {
      const [term, value] = [box.children[2 * i], box.children[2 * i + 1]];
      list.setText(term, name);
      list.setText(value, format.shorten(text, TEXT_LETTERS));
      term.title = name;
      value.title = text;
    });
  }

  /** Keep the card. `env` has fetch and now, so that tests bring their own. */
  function create(env) {
    let details = null;
    let asked = null;
    let askedAt = -Infinity;
    let shown = null;
    const spark = sparkline.create(env);

    function forget() {
      spark.forget();
      if (asked !== null) asked.abort();
      details = asked = null;
      askedAt = -Infinity;
    }

    async function ask(name) {
      const mine = new AbortController();
      asked = mine;
      askedAt = env.now();
      try {
        const answer = await env.fetch(`/api/v1/devices/${encodeURIComponent(name)}`, { signal: mine.signal });
        const found = answer.ok ? await answer.json() : null;
        if (asked === mine && found !== null) details = found;
      } catch {
        // The values stay as they were; the indicator says what is wrong with the connection.
      } finally {
        if (asked === mine) asked = null;
      }
    }

    function showSeveral(scene) {
      const box = element("live-card-several");
      const several = scene.chosen.size > 1 ? [...scene.chosen] : [];
      const names = several.slice(0, MOST_CHIPS).map((slot) => scene.store.name[slot]);
      const key = `${scene.chosen.size}\n${scene.selected}\n${names.join("\n")}`;
      if (box.dataset.key === key) return;
      box.dataset.key = key;
      box.replaceChildren();
      if (several.length === 0) return;
      list.child(box, "div", "wp-map-several-head").textContent = `${format.number(scene.chosen.size, 6)} selected`;
      const chips = list.child(box, "div", "wp-map-chips");
      several.slice(0, MOST_CHIPS).forEach((slot, i) => {
        const chip = list.child(chips, "button", "wp-map-chip");
        chip.type = "button";
        chip.dataset.card = String(slot);
        chip.title = names[i];
        chip.textContent = format.shorten(names[i], 16);
        chip.setAttribute("aria-pressed", String(slot === scene.selected));
      });
      if (several.length > MOST_CHIPS) list.child(chips, "span", "wp-measure").textContent = `and ${format.number(several.length - MOST_CHIPS, 6)} more`;
    }

    function showHead(store, slot) {
      const name = store.name[slot];
      list.setText(element("live-card-name"), format.shorten(name, NAME_LETTERS));
      element("live-card-name").title = name;
      global.waypost.props.set("live-card-open", { href: `/device/${encodeURIComponent(name)}` });
      global.waypost.props.set("live-card-alert", { href: `/alerts?subject=${encodeURIComponent(name)}` });
    }

    function showNumbers(scene, slot, serverMs) {
      const { store } = scene;
      const state = stores.STATES[stores.stateOf(store, slot, serverMs)];
      const seconds = stores.ageMs(store, slot, serverMs) / 1000;
      const heading = store.heading[slot];
      list.setText(element("live-card-label"), store.label[slot] || ""); // an admin may have given it another
      list.setGlyph(element("live-card-glyph"), scene, slot);
      element("live-card-in-alert").hidden = !scene.isAlerted(slot);
      list.setText(element("live-card-state"), state[0].toUpperCase() + state.slice(1));
      list.setText(element("live-card-age"), format.age(seconds));
      element("live-card-age").title = new Date(store.seenAt[slot]).toLocaleString();
      setQuantity("speed", format.speed(list.speedOf(store, slot)));
      setQuantity("heading", format.heading(heading === protocol.UNKNOWN ? null : heading / 100));
      setQuantity("altitude", format.metres(details === null ? null : details.altitude));
      const located = !Number.isNaN(store.x[slot]);
      const place = located ? format.place(projection.latitude(store.y[slot]), projection.longitude(store.x[slot])) : "Never located";
      list.setText(element("live-card-place"), place);
    }

    /** Show the selected device of a scene, if any, with the last hour of `metric`; asks the API every 2 s where `fresh`
        values may come. Call once a second and on change. */
    function show(scene, metric, fresh) {
      const card = element("live-card");
      if (card === null) return;
      const { store, selected: slot } = scene;
      const serverMs = scene.serverMs();
      const name = slot < 0 ? null : store.name[slot];
      if (name !== shown) {
        forget();
        shown = name;
        card.toggleAttribute("data-open", name !== null);
        if (name !== null) showHead(store, slot);
      }
      if (name === null) return;
      showSeveral(scene);
      if (asked === null && (fresh || details === null) && env.now() - askedAt >= REFRESH_MS) ask(name).then(() => shown === name && show(scene, metric, fresh));
      showNumbers(scene, slot, serverMs);
      spark.refresh(name, metric, serverMs);
      const facts = details === null ? [] : factsOf(details);
      fillFacts(element("live-card-facts"), facts);
    }

    return { show, forget };
  }

  global.waypost.card = { factsOf, create };
})(globalThis);
