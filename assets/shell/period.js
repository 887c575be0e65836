/* The time picker: reads periods as core/period.py does, steps and widens them, and keeps them in the address. */
window.waypost = window.waypost || {};
window.waypost.period = window.waypost.period || {};

(function definePeriod(period) {
  const HOW = "Write it as now-1h, now-7d, now/d (the start of today), or as 2026-11-22 20:00.";
  const RELATIVE = /^now(?:([+-])(\d{1,6})([smhdwMy]))?(?:\/([mhdwMy]))?$/;
  const EXACT_MS = { s: 1000, m: 60000, h: 3600000 };
  const UNITS = { s: "second", m: "minute", h: "hour", d: "day", w: "week", M: "month", y: "year" };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const FIRST = 0;
  const LAST = Date.UTC(2200, 0, 1);
  const NAMED = {
    "now/d now": "today so far",
    "now/d now/d": "today",
    "now-1d/d now-1d/d": "yesterday",
    "now/w now": "this week so far",
    "now/w now/w": "this week",
    "now-1w/w now-1w/w": "last calendar week",
    "now/M now": "this month so far",
    "now/M now/M": "this month",
    "now-1M/M now-1M/M": "last calendar month",
    "now/y now": "this year so far",
  };

  /** A time so many units later, in milliseconds: days and longer on the browser's calendar. */
  function moved(ms, count, unit) {
    if (EXACT_MS[unit]) return ms + count * EXACT_MS[unit];
    const date = new Date(ms);
    if (unit === "d" || unit === "w") {
      date.setDate(date.getDate() + count * (unit === "w" ? 7 : 1));
      return date.getTime();
    }
    const day = date.getDate();
    date.setDate(1);
    date.setMonth(date.getMonth() + count * (unit === "y" ? 12 : 1));
    const last = new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate();
    date.setDate(Math.min(day, last));
    return date.getTime();
  }

  function rounded(ms, unit) {
    const date = new Date(ms);
    if (unit === "m" || unit === "h") {
      const past = date.getMilliseconds() + date.getSeconds() * 1000 + (unit === "h" ? date.getMinutes() * 60000 : 0);
      return ms - past;
    }
    date.setHours(0, 0, 0, 0);
    if (unit === "w") date.setDate(date.getDate() - ((date.getDay() + 6) % 7));
    if (unit === "M") date.setDate(1);
    if (unit === "y") date.setMonth(0, 1);
    return date.getTime();
  }

  /** A moment in milliseconds of UTC, or null where the text is none; a time without an offset is the browser's. */
  period.moment = function moment(text, isEnd, now) {
    if (typeof text !== "string" || text.length > 40) return null;
    const found = RELATIVE.exec(text);
    let ms;
    if (found) {
      ms = found[3] ? moved(now, Number(found[2]) * (found[1] === "-" ? -1 : 1), found[3]) : now;
      if (found[4]) {
        ms = rounded(ms, found[4]);
        if (isEnd) ms = moved(ms, 1, found[4]);
      }
    } else {
      const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
      // Date.parse takes much more than ISO 8601, and a day alone for one of UTC.
      if (!day && !/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+ -]\d{2}:?\d{2})?$/.test(text)) return null;
      const iso = text.replace(/^(\S{10}) /, "$1T").replace(/ (?=\d{2}:?\d{2}$)/, "+");
      ms = Date.parse(day ? `${text}T00:00` : iso);
      if (!Number.isFinite(ms) || !isDay(text)) return null;
      if (day && isEnd) ms = moved(ms, 1, "d");
    }
    return Number.isFinite(ms) && ms >= FIRST && ms <= LAST ? ms : null;
  };

  /** Whether the calendar has this day: Date takes 31 February for a day of March. */
  function isDay(text) {
    const [year, month, day] = text.slice(0, 10).split("-").map(Number);
    return month >= 1 && month <= 12 && day >= 1 && day <= new Date(year, month, 0).getDate();
  }

  /** {start, end} in milliseconds, or {problem, field} with one sentence that says what to write. */
  period.resolve = function resolve(from, to, now) {
    const start = period.moment(from, false, now);
    if (start === null) return { problem: `“from” is no moment: ${from || "nothing"}. ${HOW}`, field: "from" };
    const end = period.moment(to, true, now);
    if (end === null) return { problem: `“to” is no moment: ${to || "nothing"}. ${HOW}`, field: "to" };
    if (start >= end) {
      return { problem: `“from” (${from}) is not before “to” (${to}). Choose an earlier from or a later to.`, field: "from" };
    }
    return { start, end };
  };

  /** Whether it is another period a second later. */
  period.moves = function moves(chosen) {
    return chosen.from.startsWith("now") || chosen.to.startsWith("now");
  };

  /** A moment as an address holds it: UTC, without the parts that are zero. */
  period.iso = function iso(ms) {
    const text = new Date(Math.round(ms)).toISOString();
    if (text.endsWith(":00.000Z")) return `${text.slice(0, 16)}Z`;
    return text.endsWith(".000Z") ? `${text.slice(0, 19)}Z` : text;
  };

  /** "now-90m" for a length in milliseconds: the largest unit of which it is a whole number. */
  period.back = function back(length) {
    const seconds = Math.max(1, Math.round(length / 1000));
    for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60]]) {
      if (seconds % size === 0) return `now-${seconds / size}${unit}`;
    }
    return `now-${seconds}s`;
  };

  /** A length in whole seconds, or in whole minutes where it is an hour and more: what periods are moved by. */
  const whole = (length) => (length >= 3600000 ? 60000 : 1000);

  /** The period before (-1) or after (1) the chosen one, of the same length; one that would come near now ends with it. */
  period.step = function step(chosen, direction, now) {
    const { start, end, problem } = period.resolve(chosen.from, chosen.to, now);
    if (problem) return chosen;
    const unit = whole(end - start);
    const length = Math.max(unit, Math.round((end - start) / unit) * unit);
    if (direction > 0 && end + length > now - length / 20) {
      return chosen.to === "now" ? chosen : { from: period.back(length), to: "now" };
    }
    const first = Math.round((start + direction * length) / unit) * unit;
    return { from: period.iso(first), to: period.iso(first + length) };
  };

  /** Twice as long round the same middle; what ends with now still does. */
  period.zoomOut = function zoomOut(chosen, now) {
    const { start, end, problem } = period.resolve(chosen.from, chosen.to, now);
    if (problem) return chosen;
    const length = end - start;
    if (chosen.to === "now" || end + length / 2 >= now) return { from: period.back(Math.min(2 * length, now)), to: "now" };
    const unit = whole(length);
    const first = Math.max(FIRST, Math.round((start - length / 2) / unit) * unit);
    return { from: period.iso(first), to: period.iso(Math.round((end + length / 2) / unit) * unit) };
  };

  /** A moment as the clock of this browser shows it: 2026-11-22 20:00. What is relative stays so. */
  period.shown = function shown(text, now) {
    if (text.startsWith("now")) return text;
    const ms = period.moment(text, false, now);
    if (ms === null) return text;
    const date = new Date(ms);
    const two = (value) => String(value).padStart(2, "0");
    const seconds = date.getSeconds() ? `:${two(date.getSeconds())}` : "";
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
  };

  /** What was written into a field, as it is kept: relative as it is, any other moment in UTC, nonsense unchanged. */
  period.kept = function kept(text, isEnd, now) {
    const trimmed = text.trim();
    if (RELATIVE.test(trimmed)) return trimmed;
    const ms = period.moment(trimmed, isEnd, now);
    return ms === null ? trimmed : period.iso(ms);
  };

  /** What the button says, as core.period.period_words does. */
  period.words = function words(chosen, now) {
    const { from, to } = chosen;
    const capital = (text) => text[0].toUpperCase() + text.slice(1);
    if (NAMED[`${from} ${to}`]) return capital(NAMED[`${from} ${to}`]);
    const found = RELATIVE.exec(from);
    if (to === "now" && found && found[1] === "-" && !found[4]) {
      const unit = UNITS[found[3]];
      return Number(found[2]) === 1 ? `Last ${unit}` : `Last ${Number(found[2])} ${unit}s`;
    }
    const { start, end, problem } = period.resolve(from, to, now);
    if (problem) return "No period";
    const [first, last] = [new Date(start), new Date(end)];
    const two = (value) => String(value).padStart(2, "0");
    const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
    const year = (date, other) => (date.getFullYear() === other.getFullYear() ? "" : ` ${date.getFullYear()}`);
    const whole = (date, other) => `${date.getDate()} ${MONTHS[date.getMonth()]}${year(date, other)} ${clock(date)}`;
    const sameDay = first.toDateString() === last.toDateString();
    return `${whole(first, last)} to ${sameDay ? clock(last) : whole(last, first)}`;
  };

  /** What an address asks for: {from, to}, each null where it is not there. */
  period.ofAddress = function ofAddress(search) {
    const query = new URLSearchParams(search);
    return { from: query.get("from"), to: query.get("to") };
  };
})(window.waypost.period);

(function startPeriod(period, shell) {
  if (typeof document === "undefined") return;
  const root = () => document.querySelector(".wp-period");
  const idOf = (part) => ({ period: root().dataset.page, part });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const set = (id, props) => window.waypost.props.set(id, props);
  let chosen = null; // {from, to} of the page that is open
  let asked = false; // whether somebody asked for it, or it is the page's own

  function choose(next) {
    asked = true;
    set(idOf("chosen"), { data: { from: next.from, to: next.to, zone } });
  }

  function paint() {
    const picker = root();
    if (!picker || !chosen) return;
    const now = Date.now();
    const label = picker.querySelector(".wp-period-label");
    const words = period.words(chosen, now);
    if (label.textContent !== words) label.textContent = words;
    const { start, end } = period.resolve(chosen.from, chosen.to, now);
    if (start !== undefined) {
      const whole = `${period.shown(period.iso(start), now)} to ${period.shown(period.iso(end), now)} (${zone})`;
      picker.querySelector(".wp-period-open").title = whole;
    }
    picker.querySelector("[data-step='1']").disabled = chosen.to === "now";
    picker.querySelectorAll("[data-from]").forEach((button) => {
      const current = button.dataset.from === chosen.from && button.dataset.to === chosen.to;
      button.setAttribute("aria-pressed", String(current));
    });
  }

  function tell(problem) {
    const place = root().querySelector(".wp-period-problem");
    if (place.textContent !== problem) place.textContent = problem;
  }

  function fill() {
    const now = Date.now();
    root().querySelector(".wp-period-zone").textContent = zone;
    set(idOf("from"), { value: period.shown(chosen.from, now), error: null });
    set(idOf("to"), { value: period.shown(chosen.to, now), error: null });
  }

  function apply(form) {
    const now = Date.now();
    const [from, to] = [...form.querySelectorAll("input")].map((input) => input.value);
    const next = { from: period.kept(from, false, now), to: period.kept(to, true, now) };
    const { problem, field } = period.resolve(next.from, next.to, now);
    set(idOf("from"), { error: field === "from" ? problem : null });
    set(idOf("to"), { error: field === "to" ? problem : null });
    if (problem) return;
    choose(next);
    window.waypost.popover.close(true);
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostPeriod: {
      /** A page was opened: its period is that of the address, or else its own; a bad one is told of. */
      arrive(own) {
        const now = Date.now();
        const { from, to } = period.ofAddress(window.location.search);
        const wanted = { from: from === null ? own.from : from, to: to === null ? "now" : to };
        const { problem } = period.resolve(wanted.from, wanted.to, now);
        asked = !problem && (from !== null || to !== null);
        chosen = null;
        tell(problem ? `${problem} Showing the ${period.words(own, now).toLowerCase()} instead.` : "");
        const used = problem ? own : wanted;
        return { from: used.from, to: used.to, zone };
      },

      /** A period was chosen, by whatever means: show it and keep it in the address. */
      chose(all) {
        const next = (all || []).filter(Boolean).pop();
        if (!next || !root()) return window.dash_clientside.no_update;
        if (chosen && (chosen.from !== next.from || chosen.to !== next.to)) {
          asked = true;
          tell("");
        }
        chosen = next;
        paint();
        shell.keep("period", ["from", "to"], asked ? [next.from, next.to] : [null, null], { to: "now" });
        return window.dash_clientside.no_update;
      },
    },
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".wp-period button, [data-period]");
    if (!button || !chosen) return;
    if (button.dataset.period === "longer") {
      choose(period.zoomOut(chosen, Date.now()));
      return;
    }
    const { step, zoom, from, to } = button.dataset;
    if (step !== undefined) choose(period.step(chosen, Number(step), Date.now()));
    else if (zoom !== undefined) choose(period.zoomOut(chosen, Date.now()));
    else if (from !== undefined) {
      choose({ from, to });
      window.waypost.popover.close(true);
    }
  });
  document.addEventListener("waypost:open", (event) => {
    if (event.target.closest(".wp-period") && chosen) fill();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest && event.target.closest("form.wp-period-absolute");
    if (!form) return;
    event.preventDefault();
    apply(form);
  });
  document.addEventListener("keydown", (event) => {
    const composed = event.getModifierState("AltGraph"); // how some keyboards write brackets
    if (!root() || !chosen || (!composed && (event.ctrlKey || event.metaKey || event.altKey))) return;
    if (event.target.closest && event.target.closest("input, textarea, select, [contenteditable=true]")) return;
    if (event.key === "[") choose(period.step(chosen, -1, Date.now()));
    else if (event.key === "]") choose(period.step(chosen, 1, Date.now()));
    else return;
    event.preventDefault();
  });
  // Dash draws the picker anew with its page: the label is put back, and hours are right again after a night.
  window.setInterval(paint, 1000);
})(window.waypost.period, window.waypost.shell);
