/* Stacked panels on one axis of time (components/panels.py): their lines are unfolded and dressed here, and what
   people do with them (point, drag, double-click) is told to whoever listens. */
window.waypost = window.waypost || {};
window.waypost.panels = window.waypost.panels || {};

(function definePanels(panels) {
  const charts = window.waypost.charts;

  /** When the buckets of a line are, in ms of UTC: the middle of the part of each that lies within the span. */
  panels.times = function times({ at, x0, dx, span }) {
    return at.map((place) => {
      if (place === null) return null;
      const start = x0 + place * dx;
      return (Math.max(start, span[0]) + Math.min(start + dx, span[1])) / 2;
    });
  };

  /** A line through lows and back through highs, so that it can be filled; one for each run between gaps. */
  panels.outline = function outline(times, low, high) {
    const out = { x: [], y: [] };
    let run = [];
    const close = () => {
      if (run.length === 0) return;
      if (out.x.length > 0) {
        out.x.push(null);
        out.y.push(null);
      }
      run.forEach((i) => (out.x.push(times[i]), out.y.push(high[i])));
      [...run].reverse().forEach((i) => (out.x.push(times[i]), out.y.push(low[i])));
      run = [];
    };
    times.forEach((time, i) => (time === null ? close() : run.push(i)));
    close();
    return out;
  };

  /** The size of the dot of each point: only one that stands alone between gaps has one, for it has no line. */
  panels.dots = function dots(times, size) {
    const away = (i) => i < 0 || i >= times.length || times[i] === null;
    return times.map((time, i) => (time !== null && away(i - 1) && away(i + 1) ? size : 0));
  };

  /** The traces that Plotly draws for a line of the server: its band, where it has one, and itself. */
  panels.unfolded = function unfolded(trace, series) {
    const meta = trace.meta;
    const colour = series[meta.tone % series.length];
    const times = panels.times(meta);
    const local = (list) => list.map(charts.local);
    const dashed = Boolean(trace.line && trace.line.dash);
    const line = Object.assign({}, trace, {
      x: local(times),
      line: Object.assign({}, trace.line, { color: dashed ? charts.faded(colour, 0.75) : colour }),
      meta: { utc: times, tone: meta.tone },
      hovertemplate: `%{y}${meta.unit}<extra>${trace.name}</extra>`,
    });
    // Colours come round after the last: dots tell the second of a colour from the first.
    if (!dashed && meta.tone >= series.length) line.line.dash = "dot";
    if (trace.mode === "markers") line.marker = Object.assign({}, trace.marker, { color: colour });
    else {
      const sizes = panels.dots(times, meta.alone);
      if (sizes.some(Boolean)) Object.assign(line, { mode: "lines+markers", marker: { size: sizes, color: colour, line: { width: 0 } } });
    }
    if (!meta.low) return [line];
    // Where a bucket has one value alone, there is nothing more to say.
    line.customdata = meta.low.map((low, i) => (low === meta.high[i] ? "" : ` (${low} to ${meta.high[i]})`));
    line.hovertemplate = `%{y}${meta.unit}%{customdata}<extra>${trace.name}</extra>`;
    const { x, y } = panels.outline(times, meta.low, meta.high);
    const band = {
      type: "scatter",
      mode: "lines",
      x: local(x),
      y,
      yaxis: trace.yaxis,
      fill: "toself",
      hoverinfo: "skip",
      fillcolor: charts.faded(colour, dashed ? 0.07 : 0.16),
      line: { width: 0.5, color: charts.faded(colour, dashed ? 0.12 : 0.3) },
    };
    return [band, line];
  };

  /** The figure as Plotly draws it. `theme` is one scheme of components/theme.py::chart_theme. */
  panels.dressed = function dressed(figure, theme) {
    const muted = theme.template.layout.xaxis.tickfont.color;
    const layout = Object.assign({}, figure.layout, { template: theme.template });
    const spike = theme.template.layout.xaxis.tickfont.color;
    layout.xaxis = Object.assign({}, layout.xaxis, { range: layout.xaxis.range.map(charts.local), spikecolor: spike });
    layout.annotations = (layout.annotations || []).map((one) => Object.assign({}, one, { font: { size: 12, color: muted } }));
    layout.shapes = (layout.shapes || []).map((shape) =>
      Object.assign({}, shape, {
        x0: charts.local(shape.x0),
        x1: charts.local(shape.x1),
        fillcolor: charts.faded(muted, 0.14),
        line: { width: 1, color: muted, dash: "dot" },
        label: Object.assign({}, shape.label, { font: { size: 11, color: muted } }),
      }),
    );
    const bands = [];
    const lines = [];
    figure.data.forEach((trace) => {
      const made = panels.unfolded(trace, theme.series);
      lines.push(made.pop());
      bands.push(...made);
    });
    return { data: [...bands, ...lines], layout }; // no band may lie over a line
  };

  /** A moment that Plotly tells (a string or ms of the shown clock) as ms of UTC. */
  panels.utc = function utc(shown) {
    const ms = typeof shown === "number" ? shown : Date.parse(`${String(shown).trim().replace(" ", "T")}Z`);
    if (!Number.isFinite(ms)) return null;
    // The offset at that moment is known once the moment is: the second look is right but within the hour of a change.
    const guess = ms + new Date(ms).getTimezoneOffset() * 60000;
    return ms + new Date(guess).getTimezoneOffset() * 60000;
  };

  /** What a `plotly_relayout` asks for: {from, to} in ms of UTC, or null where it is about something else. */
  panels.dragged = function dragged(change) {
    const from = panels.utc(change["xaxis.range[0]"] ?? (change["xaxis.range"] || [])[0]);
    const to = panels.utc(change["xaxis.range[1]"] ?? (change["xaxis.range"] || [])[1]);
    return from === null || to === null || to <= from ? null : { from, to };
  };
})(window.waypost.panels);

(function startPanels(panels) {
  if (typeof document === "undefined") return;
  const bound = new WeakSet();
  const moving = new WeakSet(); // plots that we move ourselves, which nobody drags
  const listeners = new Map(); // name of a chart: {point(ms|null), drag({from,to}), out(), click(ms)}

  /** Tell what people do with the chart called `name`. */
  panels.listen = function listen(name, listener) {
    listeners.set(name, listener);
  };

  /** Show a span of time, {from, to} in ms of UTC, and tell nobody: it was not dragged. */
  panels.show = function show(name, span) {
    const plot = panels.drawn(name);
    if (!plot) return;
    const local = window.waypost.charts.local;
    moving.add(plot);
    window.Plotly.relayout(plot, { "xaxis.range": [local(span.from), local(span.to)] }).finally(() => moving.delete(plot));
  };

  /** The element that Plotly draws the chart called `name` in, once it has; else null. */
  panels.drawn = function drawn(name) {
    const holder = [...document.querySelectorAll(".wp-panels .dash-graph")].find((one) => {
      try {
        return JSON.parse(one.id).panels === name;
      } catch {
        return false;
      }
    });
    return holder ? holder.querySelector(".js-plotly-plot") : null;
  };

  /** Point at a moment (ms of UTC) as if the pointer stood there; null: at none. */
  panels.point = function point(name, ms) {
    const plot = panels.drawn(name);
    if (!plot || !window.Plotly || !plot._fullLayout) return;
    if (ms === null) window.Plotly.Fx.unhover(plot);
    else {
      const subplots = Object.keys(plot._fullLayout._plots || {});
      window.Plotly.Fx.hover(plot, { xval: window.waypost.charts.local(ms) }, subplots.length ? subplots : ["xy"]);
    }
  };

  function tell(name, what, ...about) {
    const listener = listeners.get(name);
    if (listener && listener[what]) listener[what](...about);
  }

  function bind(name, tries) {
    const plot = panels.drawn(name);
    if (!plot || !plot.on) {
      if (tries > 0) window.setTimeout(() => bind(name, tries - 1), 100);
      return;
    }
    if (bound.has(plot)) return;
    bound.add(plot);
    plot.on("plotly_hover", (event) => {
      if (!(event.event instanceof Event)) return; // we pointed ourselves
      const shown = event.xvals && event.xvals.length ? event.xvals[0] : event.points[0].x;
      tell(name, "point", panels.utc(shown));
    });
    plot.on("plotly_unhover", () => tell(name, "point", null));
    plot.on("plotly_click", (event) => tell(name, "click", panels.utc(event.points[0].x)));
    plot.on("plotly_doubleclick", () => tell(name, "out"));
    plot.on("plotly_relayout", (change) => {
      const span = moving.has(plot) ? null : panels.dragged(change);
      if (span) tell(name, "drag", span);
    });
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostPanels: {
      dress(figure, _scheme, themes, id) {
        if (!figure || !themes) return window.dash_clientside.no_update;
        const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
        window.setTimeout(() => bind(id.panels, 100), 0);
        return panels.dressed(figure, themes[scheme] || themes.light);
      },
    },
  });
})(window.waypost.panels);
