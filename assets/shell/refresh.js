/* How often the open page asks again. `step` is the whole rule, pure; the rest carries it out.

   The interval is the reader's own choice, never below the page's floor, or else the one that an admin has set. A server
   that needs longer than the interval to answer is given as long a rest as it needed, until it is quick again. Nothing is
   asked while the page is paused or not looked at; what is overdue then is asked at once. While an answer is long in
   coming, the server is asked whether it is there at all; one that is not is not asked for data until it is. */
window.waypost = window.waypost || {};
window.waypost.refresh = window.waypost.refresh || {};

(function defineRefresh(refresh) {
  const LOST_S = 15; // an answer is given up after four periods, and not before
  const LONG_S = 2; // an answer is long in coming
  const LEAST_S = 0.5;
  const LONGEST_S = 3600;
  const UNKNOWN = { interval_s: 5, floor_s: 1, mode: "interval" };
  const MODES = ["live", "interval"];

  /** Intervals that the menu offers, in seconds. */
  refresh.CHOICES = [0.5, 1, 2, 5, 10, 30, 60, 300];

  /** Seconds as people say them: 0.5 s, 30 s, 5 min. */
  refresh.words = function words(seconds) {
    if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} min`;
    return `${Math.round(seconds * 10) / 10} s`;
  };

  /** What to go by: {mode, everyS, floorS, isOwn} of the page's settings `site` and the reader's `own` {mode, everyS}. */
  refresh.plan = function plan(site, own) {
    const known = site || UNKNOWN;
    const mine = refresh.valid(own);
    const mode = mine.mode || known.mode;
    const intervalS = mine.everyS === undefined ? known.interval_s : mine.everyS;
    const everyS = mode === "live" ? known.floor_s : Math.max(intervalS, known.floor_s);
    return { mode, everyS, floorS: known.floor_s, isOwn: mine.mode !== undefined || mine.everyS !== undefined };
  };

  /** What of a choice can be used: storage may hold anything. */
  refresh.valid = function valid(own) {
    const found = {};
    if (!own || typeof own !== "object") return found;
    if (MODES.includes(own.mode)) found.mode = own.mode;
    if (typeof own.everyS === "number" && own.everyS >= LEAST_S && own.everyS <= LONGEST_S) found.everyS = own.everyS;
    return found;
  };

  /** A page that was just opened. Moments are ms; `tookS` is how long the last answer took, `lost` how many questions
      were given up since, `away` whether the server was found not to be there, `outdated` whether something new was told
      while a question was open. */
  refresh.initial = function initial(page, plan, now) {
    const none = { paused: false, hidden: false, busy: false, away: false, outdated: false, slow: false };
    return Object.assign(none, { page, plan, askedAt: now, tookS: 0, lost: 0 });
  };

  /** Seconds from one question to the next. */
  refresh.periodS = function periodS(state) {
    return state.slow ? Math.max(state.plan.everyS, 2 * state.tookS) : state.plan.everyS;
  };

  function isDue(state, now) {
    if (state.paused || state.hidden || state.away) return false;
    const sinceS = (now - state.askedAt) / 1000;
    const periodS = refresh.periodS(state);
    return state.busy ? sinceS > Math.max(LOST_S, 4 * periodS) : sinceS >= periodS;
  }

  /** Whether to see if the server is there at all. */
  refresh.isDoubted = function isDoubted(state, now) {
    if (state.paused || state.hidden) return false;
    return state.away || refresh.waitsS(state, now) > LONG_S;
  };

  /** The next state, and whether to ask, after an event: tick, asked, answered, plan (plan), paused (on), hidden (on),
      reached (on: the server is there, or it is not), soon: the server has told that there is something new, or now: what
      the page shows is outdated however young it is, as its units are others. */
  refresh.step = function step(state, event, now) {
    const change = (more) => Object.assign({}, state, more);
    switch (event.type) {
      case "tick":
        if (!isDue(state, now)) return [state, false];
        return [change({ busy: true, askedAt: now, lost: state.lost + Number(state.busy) }), true];
      case "asked": // the page asks by itself when it is opened and when a control was changed
        return state.busy ? [state, false] : [change({ busy: true, askedAt: now }), false];
      case "answered": {
        if (!state.busy) return [state, false];
        const tookS = (now - state.askedAt) / 1000;
        const heard = change({ busy: false, away: false, outdated: false, lost: 0, tookS, slow: tookS > state.plan.everyS });
        return state.outdated ? refresh.step(heard, { type: "soon" }, now) : [heard, false];
      }
      case "soon": // asked anew at once, an open question would lose its answer
        if (state.busy) return [change({ outdated: true }), false];
        return state.slow ? [state, false] : refresh.step(change({ askedAt: -Infinity }), { type: "tick" }, now);
      case "reached": // who was away is asked at once, by a question of its own: the last one was lost
        if (!event.on) return [change({ away: true }), false];
        return state.away ? [change({ away: false, busy: true, askedAt: now }), true] : [state, false];
      case "plan":
        return refresh.step(change({ plan: event.plan, slow: state.slow && state.tookS > event.plan.everyS }), { type: "tick" }, now);
      case "now":
        if (state.hidden) return [change({ askedAt: -Infinity }), false]; // asked when it is looked at
        return [change({ busy: true, askedAt: now }), true];
      case "paused":
        return refresh.step(change({ paused: event.on }), { type: "tick" }, now);
      case "hidden":
        return refresh.step(change({ hidden: event.on }), { type: "tick" }, now);
      default:
        throw new Error(`unknown event ${event.type}`);
    }
  };

  /** How long the open question waits for its answer, in seconds; 0 where none is open. */
  refresh.waitsS = function waitsS(state, now) {
    return state.busy ? (now - state.askedAt) / 1000 : 0;
  };
})(window.waypost.refresh);

(function startRefresh(refresh) {
  if (typeof document === "undefined") return;
  const { alerts, notices } = window.waypost;
  const KEPT = "waypost-refresh";
  const TICK_MS = 100;
  const PROBE_MS = 2000;
  const PROBE_PATIENCE_MS = 10000;
  const paused = new Set(); // pages, until the tab is closed
  const lent = new Map(); // choices by page that came with an address: they hold until another is made, and are not kept
  let state = null; // of the page that is open; null where it does not ask again
  let asked = 0;
  let place = null; // the element of the page's refresh: another one is another page, though it be called the same

  function kept() {
    try {
      const found = JSON.parse(window.localStorage.getItem(KEPT) || "{}");
      return found && typeof found === "object" ? found : {};
    } catch {
      return {}; // storage may be refused, or hold anything
    }
  }

  function siteOf(page) {
    const site = notices.site();
    return site && site.pages ? site.pages[page] : undefined;
  }

  /** How `page` is to be kept new now: {mode, everyS, floorS, isOwn, paused}. */
  refresh.of = function of(page) {
    const own = lent.has(page) ? lent.get(page) : kept()[page];
    return Object.assign(refresh.plan(siteOf(page), own), { paused: paused.has(page) });
  };

  function send(event) {
    if (state === null) return;
    const [next, ask] = refresh.step(state, event, Date.now());
    state = next;
    if (ask) window.waypost.props.set({ refresh: state.page, part: "tick" }, { n_intervals: ++asked });
  }

  let probing = false;
  let probedAt = 0;

  /** Whether the server is there: true, false, or null where nobody can tell, as no answer comes. */
  async function isThere() {
    try {
      const answer = await window.fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PROBE_PATIENCE_MS) });
      return answer.ok; // a proxy answers for a server that is not there
    } catch (error) {
      return error.name === "TimeoutError" ? null : false;
    }
  }

  /** While there is doubt, ask now and then. */
  async function probe() {
    const now = Date.now();
    if (state === null || probing || now - probedAt < PROBE_MS || !refresh.isDoubted(state, now)) return;
    probing = true;
    probedAt = now;
    const on = await isThere();
    probing = false;
    if (on !== null) send({ type: "reached", on });
  }

  /** What the indicator must know of the open page; null where it does not ask again. */
  refresh.state = () => state;

  function tell(page) {
    const now = refresh.of(page);
    if (state !== null && state.page === page) {
      send({ type: "plan", plan: now });
      send({ type: "paused", on: now.paused });
      paintPause(page, now.paused);
    }
    document.dispatchEvent(new CustomEvent("waypost:refresh", { detail: Object.assign({ page }, now) }));
  }

  function paintPause(page, on) {
    window.waypost.props.set({ refresh: page, part: "pause" }, { "aria-pressed": String(on), "aria-label": on ? "Go on refreshing" : "Pause refreshing" });
  }

  /** Choose for oneself how `page` is kept new: {mode, everyS}, each as it is where left out; null: as for everyone.
      A choice ends a pause. */
  refresh.choose = function choose(page, own) {
    const all = kept();
    if (own === null) delete all[page];
    else all[page] = refresh.valid(Object.assign({}, lent.get(page) || all[page], own));
    lent.delete(page);
    try {
      window.localStorage.setItem(KEPT, JSON.stringify(all));
    } catch {
      // It holds until the page is left.
    }
    paused.delete(page);
    tell(page);
  };

  /** Keep `page` new as an address asks for it, {mode, everyS}, until its reader chooses; null: as it would be. */
  refresh.lend = function lend(page, own) {
    if (own === null) lent.delete(page);
    else lent.set(page, own);
    tell(page);
  };

  /** Pause `page`, or let it go on. */
  refresh.pause = function pause(page, on) {
    if (on) paused.add(page);
    else paused.delete(page);
    tell(page);
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostRefresh: {
      /** A page with a refresh was opened, asks, or was answered: `busy` is whether its question is open, `also` whether
          those are that it asks beside it. */
      asks(busy, also) {
        const [input] = window.dash_clientside.callback_context.inputs_list[0] || [];
        const page = input ? input.id.refresh : null;
        const there = document.querySelector(".wp-refresh");
        if (page === null) state = null;
        else if (state === null || state.page !== page || place !== there) {
          const now = refresh.of(page);
          place = there;
          state = Object.assign(refresh.initial(page, now, Date.now()), { paused: now.paused, hidden: document.hidden });
          if (now.paused) paintPause(page, true);
        }
        if (state !== null) send({ type: busy.concat(also).some(Boolean) ? "asked" : "answered" });
        return window.dash_clientside.no_update;
      },

      pause(clicks) {
        const index = (clicks || []).findIndex(Boolean);
        if (index >= 0 && state !== null) refresh.pause(state.page, !state.paused);
        return window.dash_clientside.no_update;
      },
    },
  });

  let drawn = null; // the settings that the server draws pages by, as they were
  notices.listen((site) => {
    const by = JSON.stringify([site.units, site.top_n]);
    if (drawn !== null && drawn !== by) send({ type: "now" });
    drawn = by;
    if (state !== null) tell(state.page);
    else if (window.location.pathname === "/") tell("live");
  });
  let known = null; // the alerts that the server told last; the first are what the page of alerts asks for as it opens
  alerts.listen((standing) => {
    const told = JSON.stringify(standing);
    if (known !== null && told !== known && state !== null && state.page === "alerts") send({ type: "soon" });
    known = told;
  });
  document.addEventListener("visibilitychange", () => send({ type: "hidden", on: document.hidden }));
  window.addEventListener("storage", (event) => event.key === KEPT && state !== null && tell(state.page));
  window.setInterval(() => {
    send({ type: "tick" });
    probe();
  }, TICK_MS);
})(window.waypost.refresh);
