/* The menu of the live indicator: how the open page keeps itself new, chosen by its reader for oneself. */
window.waypost = window.waypost || {};
window.waypost.refresh = window.waypost.refresh || {};

(function defineMenu(refresh) {
  const PUSHED = "live"; // the page that is pushed what changes

  /** What the menu shows of a page: `now` is that of refresh.of, `site` the page's settings. */
  refresh.menuOf = function menuOf(page, now, site) {
    const chosen = now.paused ? "paused" : now.mode;
    const live = page === PUSHED ? "Each change is shown as it comes." : `Asks as often as the floor lets it: every ${refresh.words(now.floorS)}.`;
    const notes = { live, interval: `Asks every ${refresh.words(now.everyS)}.`, paused: "Shows what was there when it was paused." };
    const everyone = site.mode === "live" ? "live" : `every ${refresh.words(site.interval_s)}`;
    return {
      chosen,
      note: notes[chosen],
      choices: refresh.CHOICES.map((everyS) => ({
        everyS,
        label: refresh.words(everyS),
        disabled: everyS < now.floorS,
        pressed: chosen === "interval" && everyS === now.everyS,
      })),
      everyS: now.mode === "interval" ? now.everyS : site.interval_s,
      everyone: `For everyone: ${everyone}, never below ${refresh.words(site.floor_s)}.`,
      isOwn: now.isOwn,
    };
  };

  /** What a typed interval comes to: {everyS}, or {problem} in words. */
  refresh.typed = function typed(text, floorS) {
    const everyS = Number(String(text).trim().replace(",", "."));
    if (!String(text).trim() || !Number.isFinite(everyS)) return { problem: "Type a number of seconds." };
    if (everyS < floorS) return { problem: `This page's floor is ${refresh.words(floorS)}.` };
    if (everyS > 3600) return { problem: "At most 3600 s." };
    return { everyS };
  };
})(window.waypost.refresh);

(function startMenu(refresh) {
  if (typeof document === "undefined") return;
  const MODES = [["live", "Live"], ["interval", "Interval"], ["paused", "Paused"]];
  const at = (id) => document.getElementById(id);

  function pageOf() {
    const asking = refresh.state();
    return asking !== null ? asking.page : window.location.pathname === "/" ? "live" : null;
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => value !== false && made.setAttribute(name, value === true ? "" : value));
    made.append(...children);
    return made;
  }

  function button(label, pressed, act, more) {
    const made = element("button", Object.assign({ type: "button", "aria-pressed": String(pressed) }, more), label);
    made.addEventListener("click", act);
    return made;
  }

  function choose(page, mode) {
    if (mode === "paused") refresh.pause(page, true);
    else refresh.choose(page, { mode });
  }

  function otherField(page, menu, floorS) {
    const field = element("input", { type: "text", inputmode: "decimal", value: String(menu.everyS), id: "refresh-other", autocomplete: "off" });
    const problem = element("span", { class: "wp-menu-problem", role: "alert" });
    field.addEventListener("change", () => {
      const typed = refresh.typed(field.value, floorS);
      problem.textContent = typed.problem || "";
      field.setAttribute("aria-invalid", String(Boolean(typed.problem)));
      if (typed.problem) return;
      refresh.choose(page, { mode: "interval", everyS: typed.everyS });
      draw();
    });
    return element("div", { class: "wp-menu-other" }, element("label", { for: "refresh-other" }, "Another interval"), field, "s", problem);
  }

  /** Whether somebody has begun to type another interval, which a drawing would wipe away. */
  function isTyping() {
    const field = at("refresh-other");
    return field !== null && field === document.activeElement && field.value !== field.defaultValue;
  }

  function draw() {
    const page = pageOf();
    const body = at("refresh-menu-body");
    if (page === null || body === null) return;
    const site = (window.waypost.notices.site() || { pages: {} }).pages[page] || { interval_s: 5, floor_s: 1, mode: "interval" };
    const now = refresh.of(page);
    const menu = refresh.menuOf(page, now, site);
    const focused = document.activeElement && body.contains(document.activeElement) ? document.activeElement.dataset.key || document.activeElement.id : null;
    const modes = MODES.map(([mode, label]) => button(label, menu.chosen === mode, () => choose(page, mode), { "data-key": mode }));
    const chips = menu.choices.map((one) =>
      button(one.label, one.pressed, () => refresh.choose(page, { mode: "interval", everyS: one.everyS }), {
        "data-key": `every-${one.everyS}`,
        disabled: one.disabled,
        title: one.disabled ? `This page's floor is ${refresh.words(now.floorS)}` : false,
      }),
    );
    const everyone = element("p", { class: "wp-menu-everyone" }, menu.everyone);
    if (menu.isOwn) everyone.append(" ", button("Do as everyone", false, () => refresh.choose(page, null), { class: "wp-menu-text", "data-key": "everyone" }));
    body.replaceChildren(
      element("div", { class: "wp-menu-modes", role: "group", "aria-label": "Mode" }, ...modes),
      element("p", { class: "wp-menu-note", role: "status" }, menu.note),
      element("div", { class: "wp-menu-chips", role: "group", "aria-label": "Interval" }, ...chips),
      otherField(page, menu, now.floorS),
      everyone,
    );
    const again = focused && (body.querySelector(`[data-key="${focused}"]`) || at(focused));
    if (again) again.focus();
  }

  function setOpen(open) {
    const [menu, opener] = [at("refresh-menu"), at("live-indicator")];
    if (menu === null || opener === null || menu.hidden === !open) return;
    const held = menu.contains(document.activeElement);
    if (open) draw();
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector("[aria-pressed=true], button").focus();
    else if (held) opener.focus();
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest || !event.target.isConnected) return; // a button that a drawing has just replaced
    if (event.target.closest("#live-indicator")) setOpen(at("refresh-menu").hidden);
    else if (!event.target.closest("#refresh-menu") || event.target.closest("#refresh-menu a")) setOpen(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") setOpen(false);
    const isFree = event.target === document.body || event.target.id === "main";
    if (event.key === " " && isFree && refresh.state() !== null && !event.repeat) {
      event.preventDefault();
      const { page, paused } = refresh.state();
      refresh.pause(page, !paused);
    }
  });
  document.addEventListener("waypost:refresh", () => {
    const menu = at("refresh-menu");
    if (menu && !menu.hidden && !isTyping()) draw();
  });
  window.addEventListener("_dashprivate_pushstate", () => setOpen(false));
})(window.waypost.refresh);
