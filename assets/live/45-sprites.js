/* Device glyphs drawn once per theme, size and colouring onto a sheet; the map then only copies from it. */
(function (global) {
  "use strict";
  const HEADING_STEP = 5;
  const ARROWS = 360 / HEADING_STEP;
  const FADES = [1, 0.78, 0.6, 0.45];
  const ROUND_MOVING = ARROWS;
  const DOT = ARROWS + 1;
  const RING = ARROWS + 2;
  const SPRITES = RING + FADES.length;
  const MARK_GAP = 0.5; // radians to each side of the disc
  const FADE_AFTER_MS = [0, 3600e3, 6 * 3600e3, 24 * 3600e3];

  /** The colours that the map draws with, as the theme has them now. */
  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return {
      moving: read("--wp-moving"),
      stopped: read("--wp-stopped"),
      silent: read("--wp-silent"),
      alert: read("--wp-alert"),
      outline: read("--wp-outline"),
      accent: read("--wp-accent"),
      muted: read("--wp-muted"),
      text: read("--wp-text"),
      grid: read("--wp-grid"),
      trail: read("--wp-trail"),
      nothing: read("--wp-no-value"),
      ramp: [1, 2, 3, 4, 5].map((step) => read(`--wp-ramp-${step}`)),
      categories: [1, 2, 3, 4, 5, 6, 7].map((group) => read(`--wp-group-${group}`)),
    };
  }

  /** Number of the sprite of a moving device; heading in 0.01 degrees, or null when not known. */
  function movingSprite(heading) {
    return heading === null ? ROUND_MOVING : Math.round(heading / (100 * HEADING_STEP)) % ARROWS;
  }

  /** Number of the sprite of a silent device: the longer silent, the paler. */
  function silentSprite(ageMs) {
    let fade = FADES.length - 1;
    while (ageMs < FADE_AFTER_MS[fade]) fade--;
    return RING + fade;
  }

  function arrowPath(ctx, r) {
    ctx.beginPath();
    ctx.moveTo(0, -r);
    ctx.lineTo(r * 0.72, r * 0.82);
    ctx.lineTo(0, r * 0.42);
    ctx.lineTo(-r * 0.72, r * 0.82);
    ctx.closePath();
  }

  function circlePath(ctx, r) {
    ctx.beginPath();
    ctx.arc(0, 0, r, 0, 2 * Math.PI);
  }

  function fillWithOutline(ctx, fill, outline) {
    ctx.lineJoin = "round";
    ctx.lineWidth = 2.4;
    ctx.strokeStyle = outline;
    ctx.stroke();
    ctx.fillStyle = fill;
    ctx.fill();
  }

  function paint(ctx, sprite, radius, row, colours) {
    if (sprite < ARROWS) {
      ctx.rotate((sprite * HEADING_STEP * Math.PI) / 180);
      arrowPath(ctx, radius);
      fillWithOutline(ctx, row.moving, colours.outline);
    } else if (sprite === ROUND_MOVING) {
      circlePath(ctx, radius * 0.68);
      fillWithOutline(ctx, row.moving, colours.outline);
    } else if (sprite === DOT) {
      circlePath(ctx, radius * 0.5);
      fillWithOutline(ctx, row.stopped, colours.outline);
    } else {
      ctx.globalAlpha = FADES[sprite - RING];
      circlePath(ctx, radius * 0.46);
      ctx.lineWidth = 3.6;
      ctx.strokeStyle = colours.outline;
      ctx.stroke();
      ctx.lineWidth = 1.7;
      ctx.strokeStyle = colours.silent;
      ctx.stroke();
    }
  }

  /** A sheet of all sprites, one line of them for each of `rows` ({moving, stopped}: colours): {image, size}, size in
      device pixels. A bitmap is copied from faster. */
  function makeSheet(rows, colours, radius, pixelRatio) {
    const size = Math.ceil((2 * radius + 4) * pixelRatio);
    const canvas = new OffscreenCanvas(size * SPRITES, size * rows.length);
    const ctx = canvas.getContext("2d");
    rows.forEach((row, line) => {
      for (let sprite = 0; sprite < SPRITES; sprite++) {
        ctx.setTransform(pixelRatio, 0, 0, pixelRatio, size * (sprite + 0.5), size * (line + 0.5));
        ctx.globalAlpha = 1;
        paint(ctx, sprite, radius, row, colours);
      }
    });
    return { image: canvas.transferToImageBitmap(), size };
  }

  /** What lies round the glyph of a device in alert: a ring that is broken above right, with a disc in the gap, so that its
      shape tells it from the ring of a selected device. {image, size} as a sheet. */
  function makeMark(colours, radius, pixelRatio) {
    const size = Math.ceil((2 * radius + 18) * pixelRatio);
    const canvas = new OffscreenCanvas(size, size);
    const ctx = canvas.getContext("2d");
    ctx.setTransform(pixelRatio, 0, 0, pixelRatio, size / 2, size / 2);
    const round = radius + 3;
    ctx.lineCap = "round";
    for (const [width, colour] of [[4.6, colours.outline], [2.2, colours.alert]]) {
      ctx.beginPath();
      ctx.arc(0, 0, round, -Math.PI / 4 + MARK_GAP, -Math.PI / 4 - MARK_GAP);
      ctx.lineWidth = width;
      ctx.strokeStyle = colour;
      ctx.stroke();
    }
    ctx.translate(round * Math.SQRT1_2, -round * Math.SQRT1_2);
    circlePath(ctx, 3.4);
    fillWithOutline(ctx, colours.alert, colours.outline);
    return { image: canvas.transferToImageBitmap(), size };
  }

  global.waypost = global.waypost || {};
  global.waypost.sprites = { DOT, ROUND_MOVING, RING, readColours, movingSprite, silentSprite, makeSheet, makeMark };
})(globalThis);
