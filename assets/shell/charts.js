/* Charts come from the server without colours and in UTC; here they are dressed for the scheme and the time zone. */
window.waypost = window.waypost || {};
window.waypost.charts = window.waypost.charts || {};

(function defineCharts(charts) {
  /** Milliseconds of UTC as those that Plotly, which knows no zones, must be given to show local time. */
  charts.local = function local(ms) {
    return ms === null ? null : ms - new Date(ms).getTimezoneOffset() * 60000;
  };

  /** A hex colour with an opacity. */
  charts.faded = function faded(hex, alpha) {
    const part = (from) => parseInt(hex.slice(from, from + 2), 16);
    return `rgba(${part(1)},${part(3)},${part(5)},${alpha})`;
  };

  /** Colours as Plotly takes a scale: [[0, first], ... [1, last]]. */
  charts.scale = function scale(colours) {
    return colours.map((colour, i) => [i / (colours.length - 1), colour]);
  };

  /** A trace in the colours of a theme; `overTime` says that x are moments. */
  charts.dressTrace = function dressTrace(trace, theme, overTime) {
    const { series } = theme;
    const meta = trace.meta || {};
    const dressed = Object.assign({}, trace, overTime ? { x: (trace.x || []).map(charts.local) } : {});
    if (meta.part === "heat") dressed.colorscale = charts.scale(theme.scale);
    if (meta.part === "wheel") dressed.colorscale = charts.scale(theme.wheel);
    if (meta.part === "ground") dressed.colorscale = charts.scale([theme.ground, theme.ground]);
    if (meta.tone === undefined) return dressed;
    const colour = series[meta.tone % series.length];
    if (meta.part === "bar") {
      dressed.marker = { color: charts.faded(colour, 0.75), line: { width: 1, color: colour } };
    } else if (meta.part === "band") {
      dressed.fillcolor = charts.faded(colour, 0.16);
      dressed.line = Object.assign({}, trace.line, { color: charts.faded(colour, 0.3) });
    } else {
      dressed.line = Object.assign({}, trace.line, { color: colour });
      if (trace.marker) dressed.marker = Object.assign({}, trace.marker, { color: colour });
    }
    return dressed;
  };

  /** The figure as Plotly draws it. `theme` is one scheme of components/theme.py::chart_theme. */
  charts.dressed = function dressed(figure, theme) {
    const layout = Object.assign({}, figure.layout, { template: theme.template });
    const overTime = Boolean(layout.xaxis && layout.xaxis.type === "date");
    if (overTime && layout.xaxis.range) {
      layout.xaxis = Object.assign({}, layout.xaxis, { range: layout.xaxis.range.map(charts.local) });
    }
    return { data: figure.data.map((trace) => charts.dressTrace(trace, theme, overTime)), layout };
  };
})(window.waypost.charts);

(function startCharts(charts) {
  if (typeof document === "undefined") return;
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostCharts: {
      dress(figure, _scheme, themes) {
        if (!figure || !themes) return window.dash_clientside.no_update;
        const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
        return charts.dressed(figure, themes[scheme] || themes.light);
      },
    },
  });
})(window.waypost.charts);
