/* What the server tells every open page without being asked: the settings that admins change, and the alerts that are
   open (alerts.js). One socket a page; the newest notice of a kind is all that counts, so nothing is resumed after a
   break: it comes by itself. */
window.waypost = window.waypost || {};
window.waypost.notices = window.waypost.notices || {};

(function defineNotices(notices) {
  const QUIET_MS = 25000; // there is a beat every 10 s
  const FIRST_WAIT_MS = 500;
  const LONGEST_WAIT_MS = 15000;
  const FULL = 1013;
  const REFUSED = [4401, 4403];

  /** Before anything. Phases: waiting (for the next attempt), open (a socket is, or is being opened), refused. */
  notices.initial = function initial() {
    return { phase: "waiting", attempt: 0, heardAt: 0, retryAt: 0 };
  };

  function lost(state, now, random, wait) {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** state.attempt);
    const waitMs = wait || longest / 2 + (longest / 2) * random;
    return Object.assign({}, state, { phase: "waiting", attempt: state.attempt + 1, retryAt: now + waitMs });
  }

  /** The next state and what to do ("open", "close" or null) after an event: tick, online, message, closed (code).
      Waits 0.5 s, doubled each time up to 15 s, the half of it random: a server that is back is not stormed. */
  notices.step = function step(state, event, now, random) {
    const open = () => [Object.assign({}, state, { phase: "open", heardAt: now }), "open"];
    switch (event.type) {
      case "tick":
        if (state.phase === "waiting" && now >= state.retryAt) return open();
        if (state.phase === "open" && now - state.heardAt > QUIET_MS) return [lost(state, now, random), "close"];
        return [state, null];
      case "online":
        return state.phase === "waiting" ? open() : [state, null];
      case "message":
        return [Object.assign({}, state, { attempt: 0, heardAt: now }), null];
      case "closed":
        if (REFUSED.includes(event.code)) return [Object.assign({}, state, { phase: "refused" }), null];
        return state.phase === "open" ? [lost(state, now, random, event.code === FULL ? LONGEST_WAIT_MS : 0), null] : [state, null];
      default:
        throw new Error(`unknown event ${event.type}`);
    }
  };

  const KINDS = ["settings", "alerts"];

  /** What a text of the server tells, [kind, content]; null where it tells nothing, or nothing that we understand. */
  notices.read = function read(text) {
    try {
      const notice = JSON.parse(text);
      return notice && KINDS.includes(notice.type) && notice[notice.type] ? [notice.type, notice[notice.type]] : null;
    } catch {
      return null;
    }
  };

  /** Where the socket is, on the server that the page came from. */
  notices.url = function url(location) {
    return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/notices`;
  };

  /** Whether a page knows these settings already: told again, they would have it ask for all that depends on them. */
  notices.isKnown = function isKnown(site, told) {
    return JSON.stringify(site) === JSON.stringify(told);
  };

  /** Whether a page must load itself anew for these tiles: its security policy names the host of those before. */
  notices.isAnotherGround = function isAnotherGround(before, after) {
    const of = (site) => JSON.stringify((site && site.tiles) || null);
    return before !== null && of(before) !== of(after);
  };
})(window.waypost.notices);

(function startNotices(notices) {
  if (typeof document === "undefined") return;
  const TICK_MS = 250;
  const listeners = new Set();
  let state = notices.initial();
  let socket = null;
  let site = null;
  let newest = null; // the settings told last, for a page that is not laid out yet

  /** Who takes what is told, by kind. */
  const TAKERS = {
    settings(told) {
      newest = told;
      if (notices.isKnown(site, told)) return;
      window.waypost.props.setOnceThere("site", () => ({ data: newest }));
    },
    alerts: (told) => window.waypost.alerts.heard(told),
  };

  function dial() {
    const mine = new WebSocket(notices.url(window.location));
    socket = mine;
    mine.onmessage = (event) => {
      if (mine !== socket) return;
      send({ type: "message" });
      const told = notices.read(event.data);
      if (told !== null) TAKERS[told[0]](told[1]);
    };
    mine.onclose = (event) => {
      if (mine !== socket) return;
      socket = null;
      send({ type: "closed", code: event.code });
    };
  }

  function send(event) {
    const [next, effect] = notices.step(state, event, performance.now(), Math.random());
    state = next;
    if (effect === "open") dial();
    if (effect === "close") {
      const old = socket;
      socket = null; // its late events are not ours any more
      if (old !== null) old.close();
    }
  }

  /** The settings as this page knows them (docs/settings.md); null before the first layout. */
  notices.site = () => site;

  /** Call `listener(site)` now, where they are known, and whenever they change; what is given back ends that. */
  notices.listen = function listen(listener) {
    listeners.add(listener);
    if (site !== null) listener(site);
    return () => listeners.delete(listener);
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostNotices: {
      /** The settings that came with the page, or those that a notice has put in their place. */
      told(given) {
        if (!given) return window.dash_clientside.no_update;
        const before = site;
        const first = before === null;
        site = given;
        if (first) window.setInterval(() => send({ type: "tick" }), TICK_MS);
        if (notices.isAnotherGround(before, site)) notices.isOutdated = true;
        listeners.forEach((listener) => listener(site));
        notices.renew();
        return window.dash_clientside.no_update;
      },
    },
  });

  /** Load the page anew where it shows a map whose tiles it may not fetch; another page does so when it is left. */
  notices.renew = function renew() {
    if (notices.isOutdated && document.querySelector(".wp-map") !== null) window.location.reload();
  };

  window.addEventListener("online", () => send({ type: "online" }));
})(window.waypost.notices);
