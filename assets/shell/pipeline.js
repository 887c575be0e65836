/* The Pipeline page: an opened group of the quarantine comes into view, where it is not. */
window.waypost = window.waypost || {};
window.waypost.pipeline = window.waypost.pipeline || {};

/** Whether so little of a box can be seen that it should be scrolled to; `height` is that of the window. */
window.waypost.pipeline.isOutOfView = function isOutOfView(box, height) {
  return box.top > height - 120 || box.bottom < 60;
};

(function startPipeline(pipeline) {
  if (typeof document === "undefined") return;
  let shown = ""; // the group that is open

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostPipeline: {
      reveal() {
        window.setTimeout(() => {
          const panel = document.getElementById("pipeline-panel");
          const button = document.querySelector("#pipeline-groups [aria-expanded='true']");
          const group = button ? button.dataset.choose : "";
          const opened = group !== "" && group !== shown;
          shown = group;
          if (!panel || !opened || !pipeline.isOutOfView(panel.getBoundingClientRect(), window.innerHeight)) return;
          const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
          panel.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
        }, 50);
        return window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.pipeline);
