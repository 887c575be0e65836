/* The left panel: totals by state, what can be filtered for, and whether it is. */
(function (global) {
  "use strict";
  const { format, list, store: stores, filter: filters, alerted } = global.waypost;
  const byId = (id) => document.getElementById(id);
  const { setText } = list;

  function press(id, on, attribute = "aria-pressed") {
    const button = byId(id);
    if (button !== null && button.getAttribute(attribute) !== String(on)) button.setAttribute(attribute, String(on));
  }

  /** Write the totals of the whole fleet, {total, by: [moving, stopped, silent], unlocated}, and which state is
      filtered for. */
  function showTotals(totals, filter) {
    setText(byId("live-total"), format.number(totals.total, 6));
    setText(byId("live-total-word"), totals.total === 1 ? "device" : "devices");
    stores.STATES.forEach((name, state) => {
      setText(byId(`live-count-${name}`), format.number(totals.by[state], 6));
      setText(byId(`live-kiosk-${name}`), format.number(totals.by[state], 6));
      press(`live-filter-${name}`, filter.state === state);
    });
    const never = byId("live-unlocated");
    setText(never, `Never located: ${format.number(totals.unlocated, 6)}`);
    if (never !== null) never.hidden = totals.unlocated === 0 && !filter.unlocated;
  }

  /** Write how many of the fleet are in alert, where any is or only those are shown. */
  function showAlerted(scene) {
    const count = alerted.count(scene.alerted);
    const text = format.number(count, 6);
    setText(byId("live-count-alerted"), text);
    setText(byId("live-kiosk-alerted"), text);
    press("live-filter-alerted", scene.isOfAlerts());
    const [button, wall] = [byId("live-filter-alerted"), byId("live-kiosk-alerted")];
    if (button !== null) button.hidden = count === 0 && !scene.isOfAlerts();
    if (wall !== null) wall.parentElement.hidden = count === 0;
  }

  /** The options that a select of groups should have, [[value, text], …]: any, then what there is by name; a chosen
      one that there is not (yet) stays. */
  function optionsOf(counts, chosen) {
    const names = [...counts.keys()];
    if (chosen !== null && !counts.has(chosen)) names.push(chosen);
    names.sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    return [["", "Any"], ...names.map((name) => [name, `${format.shorten(name, 24)} (${format.number(counts.get(name) || 0, 6)})`])];
  }

  /** Give a select these options, and this value. */
  function fillSelect(select, options, value) {
    if (select === null) return;
    const same = select.options.length === options.length && options.every(([key, text], i) => select.options[i].value === key && select.options[i].text === text);
    if (!same && select !== document.activeElement) {
      select.replaceChildren(...options.map(([key, text]) => {
        const option = document.createElement("option");
        option.value = key;
        option.textContent = text;
        return option;
      }));
    }
    if (select.value !== value) select.value = value;
  }

  /** What can be filtered for now, and what is. `metrics` is [{metric, label}], `colour` what colours say. */
  function showFilters(scene, metrics, colour) {
    const { filter } = scene;
    const { fleets, kinds } = filters.groupsOf(scene.store);
    fillSelect(byId("live-fleet"), optionsOf(fleets, filter.fleet), filter.fleet || "");
    fillSelect(byId("live-kind"), optionsOf(kinds, filter.kind), filter.kind || "");
    fillSelect(byId("live-metric"), metrics.map(({ metric, label }) => [metric, label]), scene.metric);
    const label = (metrics.find(({ metric }) => metric === scene.metric) || { label: scene.metric }).label;
    fillSelect(byId("live-colour"), [["state", "State"], ["fleet", "Fleet"], ["kind", "Kind"], ...metrics.map((one) => [`value:${one.metric}`, one.label])], colour === "value" ? `value:${scene.metric}` : colour);
    fillSelect(byId("live-sort"), [["name", "Name"], ["age", "Newest"], ["speed", "Speed"], ...(scene.metric === "speed" ? [] : [["value", label]])], scene.metric === "speed" && scene.sort === "value" ? "speed" : scene.sort);
    fillSelect(byId("live-trails"), [["all", "All devices"], ["selected", "Selected devices"], ["none", "None"]], scene.shows.trails);
    const count = filters.countOf(filter);
    setText(byId("live-filters-count"), count > 0 ? String(count) : "");
    press("live-unlocated", filter.unlocated);
    press("live-in-view", scene.inView, "aria-checked");
    for (const name of ["names", "glide", "density", "heat"]) press(`live-shows-${name}`, scene.shows[name], "aria-checked");
  }

  /** Write into a field of Mantine what it should hold; it keeps its own state, so the event of typing is needed. */
  function setField(id, text) {
    if (fieldOf(id) !== null && fieldOf(id).value !== text) global.waypost.props.set(id, { value: text });
  }

  /** The field of an id: a select, or the input of a field of Mantine, whether the id is on it or around it. */
  function fieldOf(id) {
    const element = byId(id);
    return element === null || ["INPUT", "SELECT"].includes(element.tagName) ? element : element.querySelector("input");
  }

  global.waypost.panel = { press, showTotals, showAlerted, optionsOf, fillSelect, showFilters, setField, fieldOf };
})(globalThis);
