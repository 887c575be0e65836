/* The panel of a phone is a drawer: a tap on its handle opens or closes it, a finger drags it. */
(function (global) {
  "use strict";

  const TAP_PX = 6; // less movement than this is a tap
  const FLING_PX_MS = 0.4; // faster than this, the direction decides; slower, the nearer end

  /** Whether a drawer that is let go at `height` px, moving at `speed` px/ms (upwards above 0), ends open. */
  function endsOpen(height, speed, closed, open) {
    if (Math.abs(speed) >= FLING_PX_MS) return speed > 0;
    return height - closed > (open - closed) / 2;
  }

  /** The height of a drawer dragged by `up` px from `start`, between its two ends. */
  function heightAt(start, up, closed, open) {
    return Math.min(open, Math.max(closed, start + up));
  }

  function setOpen(page, handle, open) {
    page.toggleAttribute("data-drawer", open);
    handle.setAttribute("aria-expanded", String(open));
  }

  /** For a click on the handle; the one that a drag ends with is none. */
  function toggle(page, handle) {
    if (handle.dataset.dragged !== undefined) delete handle.dataset.dragged;
    else setOpen(page, handle, !page.hasAttribute("data-drawer"));
  }

  /** Follow the finger that went down on the handle until it is lifted. */
  function drag(event, handle, page) {
    const panel = document.getElementById("live-panel");
    const wasOpen = page.hasAttribute("data-drawer");
    const start = panel.offsetHeight;
    const opened = page.clientHeight * 0.72;
    const closed = wasOpen ? Math.min(start, handle.offsetHeight + panel.querySelector(".wp-panel-head").offsetHeight) : start;
    const from = event.clientY;
    let last = { y: from, at: event.timeStamp };
    let speed = 0;
    let moved = false;

    function follow(next) {
      if (next.pointerId !== event.pointerId) return;
      if (!moved && Math.abs(next.clientY - from) < TAP_PX) return;
      if (!moved) page.setAttribute("data-drawer", ""); // so that what it holds is seen while it opens
      moved = true;
      const elapsed = next.timeStamp - last.at;
      if (elapsed > 0) speed = (last.y - next.clientY) / elapsed;
      last = { y: next.clientY, at: next.timeStamp };
      panel.style.height = `${heightAt(start, from - next.clientY, closed, opened)}px`;
    }

    function release(next) {
      if (next.pointerId !== event.pointerId) return;
      ending.abort();
      if (!moved) return;
      if (next.timeStamp - last.at > 100) speed = 0; // it rested before it was lifted
      const height = panel.offsetHeight;
      panel.style.height = "";
      setOpen(page, handle, next.type === "pointercancel" ? wasOpen : endsOpen(height, speed, closed, opened));
      if (next.type === "pointerup") handle.dataset.dragged = "";
    }

    delete handle.dataset.dragged;
    const ending = new AbortController();
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", follow, { signal: ending.signal });
    handle.addEventListener("pointerup", release, { signal: ending.signal });
    handle.addEventListener("pointercancel", release, { signal: ending.signal });
  }

  global.waypost.drawer = { endsOpen, heightAt, toggle, drag };
})(globalThis);
