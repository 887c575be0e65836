/* The metrics that there are, asked of the API, with the SI units in which they are kept. */
(function (global) {
  "use strict";
  const { colouring } = global.waypost;
  const SPEED = { metric: colouring.SPEED, label: "Speed", unit: "m/s" };
  const NOT_A_COLOUR = ["heading"]; // it goes round: no ramp says it

  /** The answer of GET /api/v1/metrics as [{metric, label, unit}]; speed comes first. */
  function listOf(answer) {
    const others = answer.metrics.filter(({ metric }) => metric !== SPEED.metric && !NOT_A_COLOUR.includes(metric));
    return [SPEED, ...others.map(({ metric, label, unit }) => ({ metric, label: label || metric, unit: unit || "" }))];
  }

  /** Keep the list; `env` has fetch, so that tests bring their own. */
  function create(env) {
    let all = [SPEED];

    async function ask() {
      try {
        const answer = await env.fetch("/api/v1/metrics");
        if (answer.ok) all = listOf(await answer.json());
      } catch {
        // Speed is always there; the others come when they can be had.
      }
    }

    const find = (metric) => all.find((one) => one.metric === metric) || { metric, label: metric, unit: "" };
    return { ask, all: () => all, find };
  }

  global.waypost.metrics = { listOf, create };
})(globalThis);
