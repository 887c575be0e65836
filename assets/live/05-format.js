/* How numbers, ages and names are written for people: the rules of core/text.py, for the browser. */
(function (global) {
  "use strict";
  const THIN_SPACE = "\u2009";
  const NO_VALUE = "–";
  /* As core/units.py has them. */
  const PER_METRE_A_SECOND = { "km/h": 3.6, mph: 3600 / 1609.344, kn: 3600 / 1852, "m/s": 1 };
  const PER_METRE = { m: 1, ft: 1 / 0.3048 };
  const units = { speed: "km/h", length: "m" };
  const COMPASS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];

  /** A number with `digits` significant digits beyond the point, thousands apart by a thin space. */
  function number(value, digits = 3) {
    if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
    if (value === 0) return "0";
    const magnitude = Math.floor(Math.log10(Math.abs(value)));
    const decimals = Math.min(100, Math.max(0, digits - 1 - magnitude));
    let [whole, fraction = ""] = Math.abs(value).toFixed(decimals).split(".");
    whole = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN_SPACE);
    fraction = fraction.replace(/0+$/, "");
    const text = fraction ? `${whole}.${fraction}` : whole;
    return value < 0 && text !== "0" ? `\u2212${text}` : text;
  }

  /** An age as people say it: now, 12 s, 4 min, 3 h, 2 d. */
  function age(seconds) {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NO_VALUE;
    if (seconds < 2) return "now";
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} d`;
  }

  /** A name cut in the middle so that it has at most `most` characters. */
  function shorten(name, most = 28) {
    const letters = Array.from(name);
    if (letters.length <= most) return name;
    const head = Math.floor((most - 1) / 2);
    return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (most - 1 - head)).join("")}`;
  }

  /** The units that people see from now on: {speed, length}; what is no unit changes nothing. */
  function setUnits(chosen) {
    if (chosen.speed in PER_METRE_A_SECOND) units.speed = chosen.speed;
    if (chosen.length in PER_METRE) units.length = chosen.length;
  }

  /** How people see what is kept in an SI unit: {factor, unit}. Only m/s and m have other units to choose. */
  function inUnit(unit) {
    if (unit === "m/s") return { factor: PER_METRE_A_SECOND[units.speed], unit: units.speed };
    if (unit === "m") return { factor: PER_METRE[units.length], unit: units.length };
    return { factor: 1, unit: unit || "" };
  }

  /** A speed in m/s in the unit chosen: whole from 10 up, one decimal below. null gives a dash without unit. */
  function speed(metresPerSecond) {
    if (metresPerSecond === null || !Number.isFinite(metresPerSecond)) return { value: NO_VALUE, unit: "" };
    const shown = metresPerSecond * PER_METRE_A_SECOND[units.speed];
    return { value: number(shown < 10 ? Math.round(shown * 10) / 10 : Math.round(shown), 6), unit: units.speed };
  }

  /** A heading in degrees true with its point of the compass: 271 gives 271° W. */
  function heading(degrees) {
    if (degrees === null || !Number.isFinite(degrees)) return { value: NO_VALUE, unit: "" };
    const turn = ((degrees % 360) + 360) % 360;
    return { value: `${Math.round(turn) % 360}°`, unit: COMPASS[Math.round(turn / 45) % 8] };
  }

  /** A length in metres in the unit chosen. */
  function metres(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return { value: NO_VALUE, unit: "" };
    return { value: number(Math.round(value * PER_METRE[units.length]), 6), unit: units.length };
  }

  /** A place in degrees with five decimals (1 m), with a plain minus, since people paste it into other maps. */
  function place(lat, lon) {
    return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  }

  global.waypost = global.waypost || {};
  global.waypost.format = { NO_VALUE, number, age, shorten, setUnits, inUnit, speed, heading, metres, place };
})(globalThis);
