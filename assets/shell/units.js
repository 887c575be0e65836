/* The units that this browser shows: kept in the store "units", and told to what formats numbers in the browser. */
(function startUnits() {
  if (typeof document === "undefined") return;

  let shown = null;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostUnits: {
      choose(speed, length) {
        if (shown && (shown.speed !== speed || shown.length !== length)) {
          window.dash_clientside.set_props("units", { data: { speed, length } });
        }
        return window.dash_clientside.no_update;
      },

      /** Those chosen, or else those of the site, which an admin may change at any time. */
      show(chosen, site) {
        shown = Object.assign({}, (site || {}).units, chosen || {});
        window.waypost.format.setUnits(shown);
        return [shown.speed, shown.length];
      },
    },
  });
})();
