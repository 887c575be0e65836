/* Lines of latitude and longitude with their degrees: what a map without tiles can say of place and size. */
(function (global) {
  "use strict";
  const { projection } = global.waypost;
  const STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const WANTED_PX = 150;
  const EDGE_PX = 20;
  const HEAD_PX = 32; // labels of longitude
  const FOOT_PX = 160; // the map's own controls stand in the lower right corner
  const SCALE_PX = 60; // those of them that stand above a phone's drawer
  const LABEL_PX = 56;

  /** The widest step in degrees whose lines are not farther apart than wanted, at pixels a degree. */
  function stepFor(pixelsPerDegree) {
    return STEPS.find((step) => step * pixelsPerDegree <= WANTED_PX) || STEPS[STEPS.length - 1];
  }

  /** A latitude or longitude as text: 30.25° N. `letters` are those of the positive and the negative side. */
  function label(degrees, step, letters) {
    const decimals = step >= 1 ? 0 : Math.ceil(-Math.log10(step));
    const text = Math.abs(degrees).toFixed(decimals);
    return Number(text) === 0 ? `${text}°` : `${text}° ${degrees > 0 ? letters[0] : letters[1]}`;
  }

  function eachStep(from, to, step, visit) {
    for (let i = Math.ceil(from / step); i * step <= to; i++) visit(i * step);
  }

  /** Draw the lines over the view; labels stand at the top and right edge of the part that is seen (inset px), the
      upper ones only right of what covers the left side, the right ones above what covers the foot (clear: {left,
      bottom} px). */
  function draw(ctx, view, colours, inset, clear) {
    const foot = view.height - inset - Math.max(FOOT_PX, clear.bottom + SCALE_PX);
    const step = stepFor((projection.WORLD / 360) * view.scale);
    const west = projection.longitude(view.left / view.scale);
    const east = projection.longitude((view.left + view.width) / view.scale);
    const north = projection.latitude(view.top / view.scale);
    const south = projection.latitude((view.top + view.height) / view.scale);
    ctx.setTransform(view.pixelRatio, 0, 0, view.pixelRatio, 0, 0);
    ctx.strokeStyle = colours.grid;
    ctx.fillStyle = colours.muted;
    ctx.lineWidth = 1;
    ctx.font = "11px InterVariable, Inter, 'Inter Variable', system-ui, sans-serif";
    ctx.globalAlpha = 1;
    ctx.beginPath();
    const names = [];
    eachStep(Math.max(-180, west), Math.min(180, east), step, (lon) => {
      const x = Math.round(projection.worldX(lon) * view.scale - view.left) + 0.5;
      ctx.moveTo(x, 0);
      ctx.lineTo(x, view.height);
      if (x > inset + clear.left && x < view.width - inset - LABEL_PX) names.push([label(lon, step, "EW"), x + 4, inset + 14, "left"]);
    });
    eachStep(Math.max(-85, south), Math.min(85, north), step, (lat) => {
      const y = Math.round(projection.worldY(lat) * view.scale - view.top) + 0.5;
      ctx.moveTo(0, y);
      ctx.lineTo(view.width, y);
      if (y > inset + HEAD_PX && y < foot) names.push([label(lat, step, "NS"), view.width - inset - EDGE_PX, y - 4, "right"]);
    });
    ctx.stroke();
    ctx.globalAlpha = 0.7;
    for (const [text, x, y, align] of names) {
      ctx.textAlign = align;
      ctx.fillText(text, x, y);
    }
    ctx.globalAlpha = 1;
  }

  global.waypost.graticule = { stepFor, label, draw };
})(globalThis);
