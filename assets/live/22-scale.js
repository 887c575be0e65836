/* From numbers and names to colours: nice domains with five ticks, steps of a ramp, a lasting colour for each name. */
(function (global) {
  "use strict";
  const TICKS = 5;
  const STEPS = 16; // colours of a ramp on the map: more the eye does not tell apart on a glyph
  const NICE = [1, 2, 2.5, 5, 10];
  const CATEGORIES = 7; // Okabe-Ito has eight, one of them for all the rest
  const TAIL = 0.02; // of the values at each end that may lie beyond the domain: strays must not flatten the rest

  /** A domain {min, max, ticks} of five round ticks that covers `low` to `high`. Equal ends are widened. */
  function niceDomain(low, high) {
    const span = high > low ? high - low : Math.max(1, Math.abs(low) * 0.1);
    const power = 10 ** Math.floor(Math.log10(span / (TICKS - 1)));
    for (const scale of [power, power * 10]) {
      for (const nice of NICE) {
        const step = nice * scale;
        const min = Math.floor(low / step + 1e-9) * step;
        if (min + step * (TICKS - 1) < high - 1e-9 * span) continue;
        const ticks = Array.from({ length: TICKS }, (_, i) => Number((min + i * step).toPrecision(12)));
        return { min: ticks[0], max: ticks[TICKS - 1], ticks };
      }
    }
    throw new Error(`no domain for ${low} to ${high}`);
  }

  /** The domain of values (Float64Array or array, finite), their outermost 2 % apart; null without any. */
  function domainOf(values) {
    if (values.length === 0) return null;
    const sorted = Float64Array.from(values).sort();
    const cut = sorted.length >= 50 ? Math.floor(sorted.length * TAIL) : 0;
    return niceDomain(sorted[cut], sorted[sorted.length - 1 - cut]);
  }

  /** `fresh`, or `held` where that still fits: colours must not change with every frame. */
  function settle(held, fresh) {
    if (held === null || fresh === null) return fresh;
    const covers = held.min <= fresh.min && held.max >= fresh.max;
    return covers && fresh.max - fresh.min > 0.4 * (held.max - held.min) ? held : fresh;
  }

  /** Number of the step, 0 to STEPS - 1, of a value; values beyond the domain have its ends. */
  function stepOf(value, domain) {
    const part = (value - domain.min) / (domain.max - domain.min);
    return Math.max(0, Math.min(STEPS - 1, Math.floor(part * STEPS)));
  }

  function channels(hex) {
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }

  /** `count` colours "rgb(r g b)" along stops "#rrggbb". */
  function rampOf(stops, count) {
    const ends = stops.map(channels);
    return Array.from({ length: count }, (_, i) => {
      const at = (i / Math.max(1, count - 1)) * (ends.length - 1);
      const first = Math.min(ends.length - 2, Math.floor(at));
      const mixed = ends[first].map((value, k) => Math.round(value + (ends[first + 1][k] - value) * (at - first)));
      return `rgb(${mixed.join(" ")})`;
    });
  }

  /** Gives names the numbers 0 to CATEGORIES - 1, the most frequent first; whatever has one keeps it. */
  function createCategories() {
    const numbers = new Map();
    const categories = {
      numbers,
      hasOthers: false,
      /** Learn of `counts`, a Map of name (or null) to how many; free numbers go to the most frequent. */
      learn(counts) {
        const unknown = [...counts].filter(([name]) => name !== null && !numbers.has(name));
        unknown.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
        for (const [name] of unknown.slice(0, CATEGORIES - numbers.size)) numbers.set(name, numbers.size);
        categories.hasOthers = [...counts.keys()].some((name) => !numbers.has(name));
      },
      /** The number of a name; CATEGORIES for all others. */
      of: (name) => (numbers.has(name) ? numbers.get(name) : CATEGORIES),
    };
    return categories;
  }

  global.waypost = global.waypost || {};
  global.waypost.scale = { TICKS, STEPS, CATEGORIES, niceDomain, domainOf, settle, stepOf, rampOf, createCategories };
})(globalThis);
