/* Alerts on the live map of a page (90-live.js): what the shell hears of them, shown on map, panel, list and card. */
(function (global) {
  "use strict";
  const { alerted } = global.waypost;
  const shell = () => global.waypost.alerts; // of the shell, which is loaded later

  /** Begin; `page` has scene, surface, refresh. */
  function create(page) {
    const { scene } = page;

    function show() {
      page.surface.wake();
      page.refresh();
    }

    return {
      /** Hear of what is open, from now on. */
      begin: () => shell().listen(({ devices }) => alerted.tell(scene.alerted, devices) && show()),
      /** While the map shows the past nobody is in alert: alerts are of now. */
      hold(on) {
        scene.alerted.isHeld = on;
        show();
      },
    };
  }

  global.waypost.alerting = { create };
})(globalThis);
