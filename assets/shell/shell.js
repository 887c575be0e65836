/* The frame: which page is open, the rail, the colour scheme, and how new the data of a page is. */
window.waypost = window.waypost || {};
window.waypost.shell = window.waypost.shell || {};

(function defineShell(shell) {
  /** Whether a link of the rail leads to the page at `pathname`. */
  shell.isCurrent = function isCurrent(href, pathname) {
    const trim = (path) => path.replace(/\/+$/, "") || "/";
    return trim(href) === trim(pathname);
  };

  /** The title of the page at `pathname`: as the rail calls it, or as its folder says. */
  shell.titleOf = function titleOf(pathname, links) {
    const link = links.find((one) => shell.isCurrent(one.href, pathname));
    if (link) return link.label;
    const folder = pathname.split("/").filter(Boolean)[0] || "";
    return { device: "Device", "sign-in": "Sign in" }[folder] || "Not found";
  };

  /** An age in seconds as people say it; the same words as core.text.age. */
  shell.age = function age(seconds) {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
    if (seconds < 2) return "now";
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} d`;
  };

  /**
   * What the indicator says of a page that asks again, as {state, text, title}.
   *
   * `answer` is the newest answer: {at, ageS, failed}, where `at` is when it arrived (ms), `ageS` how old its newest data
   * was then (null where there is none). `asking` is the state of refresh.js. A page whose server is not there, or that has
   * heard nothing for three periods, is stale, unless its first question since is still open and not for long: then it is
   * slow.
   */
  shell.freshness = function freshness(answer, asking, now, online) {
    const { refresh } = window.waypost;
    if (!answer || !asking) return { state: "waiting", text: "Loading", title: "Waiting for the first answer" };
    const sinceS = Math.max(0, (now - answer.at) / 1000);
    const old = answer.ageS === null ? null : answer.ageS + sinceS;
    const data = old === null ? "no data" : shell.age(old) === "now" ? "now" : `${shell.age(old)} old`;
    const newest = old === null ? "There is no data in this window." : `The newest data is ${shell.age(old)} old.`;
    if (asking.paused) return { state: "paused", text: `Paused · ${data}`, title: `Refreshing is paused. ${newest}` };
    if (!online) return { state: "offline", text: `Offline · ${data}`, title: "This browser has no connection." };
    if (answer.failed) {
      return { state: "reconnecting", text: `Trying again · ${data}`, title: "The last refresh failed; it is tried again." };
    }
    const everyS = refresh.periodS(asking);
    const waitsS = refresh.waitsS(asking, now);
    if (asking.away || (sinceS > Math.max(5, everyS * 3) && (waitsS === 0 || waitsS > 30 || asking.lost > 0))) {
      return {
        state: "stale",
        text: `Stale · ${data}`,
        title: `The server has not answered for ${shell.age(sinceS)}. ${newest}`,
      };
    }
    const wanted = refresh.words(asking.plan.everyS);
    if (asking.slow) {
      return {
        state: "slow",
        text: `Slow: every ${refresh.words(Math.ceil(everyS))} · ${data}`,
        title: `The server takes ${refresh.words(asking.tookS)} to answer, so that this page asks less often than every ${wanted}. ${newest}`,
      };
    }
    if (waitsS > Math.max(2, asking.plan.everyS)) {
      return { state: "slow", text: `Slow: waiting · ${data}`, title: `The server has not answered yet. ${newest}` };
    }
    return { state: "interval", text: `Every ${wanted} · ${data}`, title: `This page asks again every ${wanted}. ${newest}` };
  };

  /** The answer to go by after `next` was told: a new one arrives now, one that failed keeps the age of the last. */
  shell.heard = function heard(last, next, now) {
    if (!next) return last;
    if (last && last.asOf === next.asOf) return last;
    if (next.failed && last) return Object.assign({}, last, { asOf: next.asOf, failed: true });
    return Object.assign({}, next, { at: now });
  };

  /** The same two elements that the live map fills: the dot's data-state, the text and its title. */
  shell.paintIndicator = function paintIndicator(dot, text, shown) {
    if (dot.dataset.state !== shown.state) dot.dataset.state = shown.state;
    if (text.textContent !== shown.text) text.textContent = shown.text;
    if (text.title !== shown.title) text.title = shown.title;
  };

  /** The ring that runs down until the page asks again. */
  shell.paintRing = function paintRing(dot, asking, now) {
    const part = (now - asking.askedAt) / 1000 / window.waypost.refresh.periodS(asking);
    dot.style.setProperty("--wp-ring", `${Math.round(360 * Math.min(1, Math.max(0, part)))}deg`);
  };
})(window.waypost.shell);

(function startShell(shell) {
  if (typeof document === "undefined") return;
  const at = (id) => document.getElementById(id);
  let answer = null; // the newest answer of the page that is open
  let page = null;

  function tick() {
    // The live map fills the indicator itself, from its socket.
    if (page === null || page === "/") return;
    const dot = at("live-indicator-dot");
    if (!dot) return;
    // A page without a refresh, such as that of an unknown device, has nothing to say here.
    const asking = document.querySelector(".wp-refresh") === null ? null : window.waypost.refresh.state();
    at("live-indicator").hidden = asking === null;
    const shown = shell.freshness(answer, asking, Date.now(), navigator.onLine);
    if (asking !== null) shell.paintRing(dot, asking, Date.now());
    shell.paintIndicator(dot, at("live-indicator-text"), shown);
    const main = at("main"); // what is old is dimmed
    if (main.dataset.freshness !== shown.state) main.dataset.freshness = shown.state;
  }

  function markLinks(pathname) {
    document.querySelectorAll("a.wp-nav-link").forEach((link) => {
      if (shell.isCurrent(link.getAttribute("href"), pathname)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
  }

  /** Close what the phone's bar has opened, unless it is where somebody has just tapped. */
  function closeMore(event) {
    document.querySelectorAll(".wp-more[open]").forEach((more) => {
      if (!event || !more.contains(event.target)) more.removeAttribute("open");
    });
  }

  function schemeChanged() {
    const scheme = document.documentElement.getAttribute("data-mantine-color-scheme");
    document.body.dataset.agThemeMode = scheme;
    const dash = window.dash_clientside;
    if (dash && dash.set_props) {
      try {
        dash.set_props("color-scheme", { data: scheme });
      } catch {
        // Before the first layout there is nothing to tell; charts read the scheme from the document.
      }
    }
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostShell: Object.assign((window.dash_clientside || {}).waypostShell || {}, {
      /** Another page was opened: mark its link, name it, and forget how new the last one was. */
      arrive(pathname) {
        const links = [...document.querySelectorAll(".wp-rail a.wp-nav-link")].map((link) => ({
          href: link.getAttribute("href"),
          label: link.textContent,
        }));
        if (page !== pathname) {
          answer = null;
          shell.forget();
          window.waypost.notices.renew();
        }
        page = pathname;
        at("live-indicator").hidden = pathname !== "/";
        delete at("main").dataset.freshness;
        markLinks(pathname);
        closeMore();
        tick();
        return shell.titleOf(pathname, links);
      },

      toggleRail() {
        const root = document.documentElement;
        const open = root.getAttribute("data-rail") !== "open";
        root.toggleAttribute("data-rail", false);
        if (open) root.setAttribute("data-rail", "open");
        try {
          window.localStorage.setItem("waypost-rail", open ? "open" : "closed");
        } catch {
          // It will simply not be remembered.
        }
        // Maps and charts measure themselves on a resize of the window.
        window.setTimeout(() => window.dispatchEvent(new Event("resize")), 200);
        return window.dash_clientside.no_update;
      },

      /** A page's refresh has answered. */
      refreshed(answers) {
        answer = shell.heard(answer, (answers || []).filter(Boolean).pop(), Date.now());
        tick();
        return window.dash_clientside.no_update;
      },
    }),
  });

  new MutationObserver(schemeChanged).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-mantine-color-scheme"],
  });
  schemeChanged();
  document.addEventListener("click", closeMore);
  window.setInterval(tick, 250);
  document.addEventListener("waypost:refresh", tick);
  window.addEventListener("online", tick);
  window.addEventListener("offline", tick);
})(window.waypost.shell);
