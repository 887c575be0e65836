/* The strip under the slider of the time machine: how many devices moved and stood still, and where events are; and how
   moments are written. */
(function (global) {
  "use strict";
  const EVENT_PX = 2;
  const WHOLE_DAY_MS = 24 * 3600e3;

  /** Bars {left, width, moving, stopped} in parts of a window (0 to 1), heights in parts of the busiest. `coverage` is
      the answer of /api/v1/playback/coverage. */
  function bars(coverage, from, to) {
    const length = to - from;
    const most = coverage.buckets.reduce((busiest, [, moving, stopped]) => Math.max(busiest, moving + stopped), 0);
    return coverage.buckets.map(([start, moving, stopped]) => ({
      left: (Date.parse(start) - from) / length,
      width: (coverage.bucket_s * 1000) / length,
      moving: moving / most,
      stopped: stopped / most,
    }));
  }

  /** The next event after a moment (`by` 1) or the last before it (-1), or null. Two at one moment count once. */
  function eventFrom(events, at, by) {
    const moments = events.map((event) => ({ ...event, at: Date.parse(event.ts) }));
    if (by > 0) return moments.find((event) => event.at >= at + 1000) || null;
    return moments.reverse().find((event) => event.at <= at - 1000) || null;
  }

  /** A moment as people say it where they are: the time, with the day where the window is long or the day another. */
  function momentText(at, spanMs, now, locale) {
    const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
    const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
    const day = { weekday: "short", day: "numeric", month: "short" };
    return new Intl.DateTimeFormat(locale, sameDay && spanMs <= WHOLE_DAY_MS ? time : { ...day, ...time }).format(at);
  }

  /** A moment as an input of type datetime-local has it: in local time, to the minute. */
  function fieldValue(at) {
    const local = new Date(at - new Date(at).getTimezoneOffset() * 60e3);
    return local.toISOString().slice(0, 16);
  }

  /** Draw the strip on its canvas. `colours` has moving, stopped, event. */
  function draw(canvas, coverage, from, to, colours) {
    const ratio = global.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    if (coverage === null) return;
    for (const bar of bars(coverage, from, to)) {
      const left = Math.max(0, bar.left * width);
      const right = Math.min(width, (bar.left + bar.width) * width);
      const wide = Math.max(1, right - left - (right - left > 3 ? 1 : 0));
      const tops = [bar.moving * height, bar.stopped * height];
      ctx.fillStyle = colours.stopped;
      ctx.fillRect(left, height - tops[1], wide, tops[1]);
      ctx.fillStyle = colours.moving;
      ctx.fillRect(left, height - tops[0] - tops[1], wide, tops[0]);
    }
    ctx.fillStyle = colours.event;
    for (const { ts } of coverage.events) ctx.fillRect(((Date.parse(ts) - from) / (to - from)) * width - EVENT_PX / 2, 0, EVENT_PX, 6);
  }

  global.waypost.timeline = { bars, eventFrom, momentText, fieldValue, draw };
})(globalThis);
