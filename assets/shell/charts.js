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

  charts.dressTrace = function dressTrace(trace, series) {
    const meta = trace.meta || {};
    const dressed = Object.assign({}, trace, { x: (trace.x || []).map(charts.local) });
    if (meta.tone === undefined) return dressed;
    const colour = series[meta.tone % series.length];
    if (meta.part === "band") {
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
    if (layout.xaxis && layout.xaxis.range) {
      layout.xaxis = Object.assign({}, layout.xaxis, { range: layout.xaxis.range.map(charts.local) });
    }
    return { data: figure.data.map((trace) => charts.dressTrace(trace, theme.series)), layout };
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
