/* What colours mean: five ticks of a ramp, the names of groups, or how many devices a hexagon has. */
(function (global) {
  "use strict";
  const { format, list, scale, colouring, density } = global.waypost;
  const NAME_LETTERS = 18;

  /** What to explain, as {title, unit, steps: [{colour, text}], ramp, alpha}; null where the panel's totals say it. `ramp`
      is true where colours run into one another, `alpha` how opaque they are on the map, where they are not all. */
  function contentOf(scene, crowd, colours, metric) {
    if (crowd.shown) {
      const shades = scale.rampOf(colours.ramp, density.CLASSES);
      const steps = crowd.least.map((least, i) => {
        const next = crowd.least[i + 1];
        const from = i === 0 ? 1 : least;
        const text = next === undefined ? `${format.number(from, 6)}+` : from === next - 1 ? format.number(from, 6) : `${format.number(from, 6)}–${format.number(next - 1, 6)}`;
        return { colour: shades[i], text };
      });
      return { title: "Devices in a hexagon", unit: "", steps, ramp: false, alpha: density.ALPHA };
    }
    const { by, domain, categories } = scene.colouring;
    if (by === colouring.BY_STATE) return null;
    if (colouring.GROUPS.includes(by)) {
      const steps = [...categories.numbers].map(([name, i]) => ({ colour: colours.categories[i], text: format.shorten(name, NAME_LETTERS) }));
      if (categories.hasOthers || steps.length === 0) steps.push({ colour: colours.nothing, text: steps.length === 0 ? `No ${by} known` : "Others" });
      return { title: by === "fleet" ? "Fleet" : "Kind", unit: "", steps, ramp: false };
    }
    const { unit } = format.inUnit(metric.unit);
    if (domain === null) return { title: metric.label, unit, steps: [{ colour: colours.nothing, text: "No value" }], ramp: false };
    const shades = scale.rampOf(colours.ramp, scale.TICKS);
    const steps = domain.ticks.map((tick, i) => ({ colour: shades[i], text: format.number(tick, 3) }));
    return { title: metric.label, unit, steps, ramp: true };
  }

  /** What the glow of the heat map means, where the most is `most`; null without one. */
  function heatOf(most, colours) {
    if (most === null) return null;
    const shades = scale.rampOf(colours.ramp, scale.TICKS);
    const texts = ["little", "", "", "", "much"];
    return { title: "Time spent, last hour", unit: "", steps: shades.map((colour, i) => ({ colour, text: texts[i] })), ramp: true };
  }

  /** What the ring round a device means; null where none is drawn. */
  function alertsOf(ringed) {
    return ringed === 0 ? null : { title: "Ring", unit: "", steps: [{ colour: null, text: "In alert" }], ramp: false };
  }

  function fill(box, content) {
    const head = list.child(box, "div", "wp-map-legend-head");
    head.textContent = content.title;
    if (content.unit) list.child(head, "span", "wp-measure").textContent = ` ${content.unit}`;
    if (content.ramp) {
      const bar = list.child(box, "div", "wp-map-legend-bar");
      bar.style.background = `linear-gradient(to right, ${content.steps.map((step) => step.colour).join(", ")})`;
    }
    const body = list.child(box, "div", content.ramp ? "wp-map-legend-ticks" : "wp-map-legend-steps");
    for (const step of content.steps) {
      const entry = list.child(body, "span", "wp-map-legend-step");
      if (!content.ramp) {
        const swatch = list.child(entry, "span", step.colour === null ? "wp-mark-alert" : "wp-map-legend-swatch").style;
        if (step.colour !== null) swatch.background = step.colour;
        if (content.alpha !== undefined) swatch.opacity = content.alpha;
      }
      list.child(entry, "span", "wp-map-legend-text").textContent = step.text;
    }
  }

  /** What there is to explain of colours, and then, where there is anything, of the ring as well: alone it is explained
      by the panel's totals. */
  function partsOf(colours, ring) {
    const parts = colours.filter((content) => content !== null);
    return parts.length === 0 || ring === null ? parts : [...parts, ring];
  }

  /** Show these; writes only where something has changed. */
  function show(shown) {
    const box = document.getElementById("live-legend");
    if (box === null) return;
    const key = JSON.stringify(shown);
    if (box.dataset.key === key) return;
    box.dataset.key = key;
    box.hidden = shown.length === 0;
    box.replaceChildren();
    for (const content of shown) fill(list.child(box, "div", "wp-map-legend-part"), content);
    const words = shown.map((content) => `${content.title}, ${content.steps.map((step) => step.text).filter(Boolean).join(", ")} ${content.unit}`.trim());
    box.setAttribute("aria-label", `Colours: ${words.join("; ")}`);
  }

  global.waypost.legend = { contentOf, heatOf, alertsOf, partsOf, show };
})(globalThis);
