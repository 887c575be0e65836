/* Panels that a button opens: <button data-popover="ID"> and an element of that id, hidden at first. */
window.waypost = window.waypost || {};
window.waypost.popover = window.waypost.popover || {};

/** How far to move a panel sideways so that it lies within a window of this width, `margin` from its edges. */
window.waypost.popover.shift = function shift(left, right, width, margin) {
  if (left < margin) return margin - left;
  return right > width - margin ? width - margin - right : 0;
};

(function startPopovers(popover) {
  if (typeof document === "undefined") return;
  let open = null; // {button, panel}

  const panelOf = (button) => document.getElementById(button.dataset.popover);

  popover.close = function close(refocus) {
    if (!open) return;
    const { button, panel } = open;
    open = null;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (refocus && button.isConnected) button.focus();
  };

  popover.open = function openPanel(button) {
    const panel = panelOf(button);
    if (!panel) return;
    popover.close(false);
    open = { button, panel };
    panel.hidden = false;
    panel.style.translate = "";
    const box = panel.getBoundingClientRect();
    const across = popover.shift(box.left, box.right, document.documentElement.clientWidth, 8);
    if (across && window.getComputedStyle(panel).position === "absolute") panel.style.translate = `${across}px 0`;
    button.setAttribute("aria-expanded", "true");
    panel.dispatchEvent(new CustomEvent("waypost:open", { bubbles: true }));
    const first = panel.querySelector("[data-first], input:not([type=hidden]), button, a[href]");
    if (first) first.focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-popover]");
    if (button) {
      if (open && open.button === button) popover.close(true);
      else popover.open(button);
    } else if (open && !open.panel.contains(event.target)) popover.close(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    popover.close(true);
  }, true);
  document.addEventListener("focusin", (event) => {
    if (open && !open.panel.contains(event.target) && !open.button.contains(event.target)) popover.close(false);
  });
  window.addEventListener("_dashprivate_pushstate", () => popover.close(false));
})(window.waypost.popover);
