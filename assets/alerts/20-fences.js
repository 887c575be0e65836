/* The map of geofences: their outlines with their names, and the drawing of one. What is drawn lives in the text area of
   corners, which shows and takes the same outline. */
window.waypost = window.waypost || {};
window.waypost.fences = window.waypost.fences || {};

(function startFences(fences) {
  if (typeof document === "undefined") return;
  const { outline } = window.waypost;
  const CORNERS = "alerts-corners";
  const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const STEP_PX = 4;
  const FIT = { padding: [32, 32], maxZoom: 17, animate: false };

  let shown = null; // the map that is open: {map, others, mine}
  let known = { fences: [], places: [] };
  let drafted = null; // what the page says is drawn: {name, at}, `at` being when that was begun
  let drawing = null; // {name, corners, open}: `open` while corners are added by clicking
  let pointer = null; // where the next corner would be

  const at = (id) => document.getElementById(id);
  const press = (id) => at(id) && at(id).click();

  // All outlines -------------------------------------------------------------------------------------------------------

  function drawAll() {
    if (shown === null) return;
    shown.others.clearLayers();
    known.places.forEach((place) => {
      window.L.circleMarker(place, { radius: 2.5, className: "wp-fence-place", interactive: false }).addTo(shown.others);
    });
    known.fences.forEach((fence) => {
      if (drawing !== null && drawing.name === fence.name) return;
      const drawn = window.L.polygon(fence.corners, { className: "wp-fence-outline", interactive: false });
      const name = document.createElement("span"); // as text: a name may hold anything
      name.textContent = fence.name;
      drawn.bindTooltip(name, { permanent: true, direction: "center", className: "wp-fence-tip" }).addTo(shown.others);
    });
  }

  /** Show these places, and leave it so. */
  function fit(places) {
    const box = shown === null ? null : outline.box(places);
    if (box === null) return;
    window.waypost.track.steer();
    shown.map.fitBounds(box, FIT);
  }

  /** Show all outlines, or the devices where there is none, until somebody moves the map. */
  function fitAll() {
    const corners = known.fences.flatMap((fence) => fence.corners);
    const bounds = outline.box(corners.length > 0 ? corners : known.places);
    window.waypost.track.grown(bounds === null ? null : { key: "geofences", bounds });
  }

  // The one that is drawn ----------------------------------------------------------------------------------------------

  function draw() {
    if (shown === null) return;
    shown.mine.clearLayers();
    shown.rubber = null;
    shown.map.getContainer().classList.toggle("wp-fence-drawing", drawing !== null && drawing.open);
    if (drawing === null) return;
    const { corners, open } = drawing;
    const shape = open ? window.L.polyline : window.L.polygon;
    shown.shape = shape(corners, { className: "wp-fence-draft", interactive: false, fill: !open }).addTo(shown.mine);
    if (open) stretch();
    else outline.middles(corners).forEach((middle) => addHandle(middle.corner, "wp-fence-middle", middle));
    corners.forEach((corner, place) => addCorner(corner, place));
    tell();
  }

  function stretch() {
    if (shown === null || drawing === null || !drawing.open || pointer === null || drawing.corners.length === 0) return;
    const line = [drawing.corners[drawing.corners.length - 1], pointer];
    if (shown.rubber === null) {
      shown.rubber = window.L.polyline(line, { className: "wp-fence-rubber", interactive: false }).addTo(shown.mine);
    } else shown.rubber.setLatLngs(line);
  }

  function addCorner(corner, place) {
    const closes = place === 0 && outline.canClose(drawing.corners, drawing.open);
    const marker = handle(corner, `wp-fence-corner${closes ? " wp-fence-first" : ""}`, {
      draggable: !drawing.open,
      keyboard: true,
      title: closes ? "The first corner: close the outline here" : `Corner ${place + 1}`,
    });
    marker.on("click", (event) => {
      window.L.DomEvent.stopPropagation(event);
      if (closes) fences.close();
    });
    marker.on("drag", () => {
      drawing.corners = outline.move(drawing.corners, place, placeOf(marker));
      shown.shape.setLatLngs(drawing.corners);
    });
    marker.on("dragend", () => change(drawing.corners));
    marker.on("contextmenu", () => change(outline.drop(drawing.corners, place, drawing.open)));
    marker.on("keydown", (event) => steer(event.originalEvent, place));
    marker.addTo(shown.mine);
    return marker;
  }

  function addHandle(corner, name, middle) {
    const marker = handle(corner, name, { draggable: true, keyboard: false, title: "Drag to add a corner" });
    marker.on("drag", () => shown.shape.setLatLngs(outline.insert(drawing.corners, middle.at, placeOf(marker))));
    marker.on("dragend", () => change(outline.insert(drawing.corners, middle.at, placeOf(marker))));
    marker.addTo(shown.mine);
  }

  function handle(corner, className, options) {
    const icon = window.L.divIcon({ className, iconSize: [14, 14] });
    return window.L.marker(corner, Object.assign({ icon, autoPanOnFocus: false, bubblingMouseEvents: false }, options));
  }

  function placeOf(marker) {
    const { lat, lng } = marker.getLatLng();
    return [lat, lng];
  }

  /** Keys of a corner that has the focus: arrows move it, Delete takes it away. */
  function steer(event, place) {
    const way = ARROWS[event.key];
    if (!way && event.key !== "Delete") return;
    event.preventDefault();
    event.stopPropagation();
    if (!way) {
      change(outline.drop(drawing.corners, place, drawing.open));
      return;
    }
    const { x, y } = shown.map.latLngToContainerPoint(drawing.corners[place]);
    const { lat, lng } = shown.map.containerPointToLatLng([x + way[0] * STEP_PX, y + way[1] * STEP_PX]);
    change(outline.move(drawing.corners, place, [lat, lng]));
    const corners = shown.map.getContainer().querySelectorAll(".wp-fence-corner");
    if (corners[place]) corners[place].focus();
  }

  /** Other corners than before: draw them, and write them into the text area. */
  function change(corners) {
    drawing.corners = corners.length > 0 ? outline.normal(corners) : corners;
    draw();
    window.waypost.props.set(CORNERS, { value: outline.text(drawing.corners) });
  }

  /** What to do next, and which buttons do something. */
  function tell(problem = null) {
    const hint = at("alerts-fence-hint");
    if (hint === null || drawing === null) return;
    const words = problem || outline.hint(drawing.corners.length, drawing.open);
    if (hint.textContent !== words) hint.textContent = words;
    at("alerts-fence-close").disabled = !outline.canClose(drawing.corners, drawing.open);
    at("alerts-fence-undo").disabled = drawing.corners.length === 0;
  }

  // What the page and people do ----------------------------------------------------------------------------------------

  fences.close = function close() {
    if (drawing === null || !outline.canClose(drawing.corners, drawing.open)) return;
    drawing.open = false;
    draw();
  };

  /** Take the last corner back; with fewer than three the outline is open again. */
  fences.undo = function undo() {
    if (drawing === null || drawing.corners.length === 0) return;
    const corners = drawing.corners.slice(0, -1);
    if (corners.length < 3) drawing.open = true;
    change(corners);
  };

  /** Somebody has written into the text area. */
  fences.typed = function typed(text) {
    if (drawing === null) return;
    const { corners, problem } = outline.parse(text);
    if (problem === null && !outline.same(corners, drawing.corners)) {
      drawing.corners = corners;
      drawing.open = corners.length < 3; // who writes an outline has closed it
      draw();
      fit(corners);
    }
    tell(problem);
  };

  /** Begin to draw what `draft` names (its name is null where it is new), or end that where it is null. */
  fences.draft = function draft(next, text) {
    drafted = next;
    const { corners } = outline.parse(next ? text : "");
    drawing = next ? { name: next.name, corners, open: corners.length < 3 } : null;
    drawAll();
    draw();
    if (drawing === null) return;
    if (corners.length > 0) fit(corners);
    const name = at("alerts-fence-name");
    if (next.name === null && name) window.setTimeout(() => name.focus({ preventScroll: true }), 0); // once it is shown
  };

  /** What the server knows: {fences: [{name, corners}], places: [[lat, lon]]}. */
  fences.show = function show(next) {
    known = next || { fences: [], places: [] };
    drawAll();
    if (drawing === null) fitAll();
  };

  fences.focus = function focus(name) {
    const found = known.fences.find((fence) => fence.name === name);
    if (found) fit(found.corners);
  };

  /** Handler of the `add` event of the layer on the map. */
  fences.mount = function mount(event, context) {
    const { map } = context;
    const mine = { map, others: window.L.layerGroup().addTo(map), mine: window.L.layerGroup().addTo(map), rubber: null, shape: null };
    const click = (pressed) => {
      if (drawing === null || !drawing.open) return;
      change([...drawing.corners, [pressed.latlng.lat, pressed.latlng.lng]]);
    };
    const moved = (move) => {
      pointer = [move.latlng.lat, move.latlng.lng];
      stretch();
    };
    const left = () => {
      pointer = null;
      if (mine.rubber !== null) mine.mine.removeLayer(mine.rubber);
      mine.rubber = null;
    };
    map.doubleClickZoom.disable(); // two corners that are set quickly are no wish to come nearer
    map.on("click", click).on("mousemove", moved).on("mouseout", left);
    shown = mine;
    window.waypost.track.mount(event, context);
    fitAll();
    drawAll();
    draw();
    event.target.once("remove", () => {
      map.off("click", click).off("mousemove", moved).off("mouseout", left);
      if (shown === mine) shown = drafted = drawing = pointer = null;
    });
  };

  // Escape gives up, unless it is for a dialog or a list that lies above.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || drawing === null || event.defaultPrevented) return;
    if ([...document.querySelectorAll('[role="dialog"], [role="listbox"]')].some((one) => one.checkVisibility())) return;
    press("alerts-fence-cancel");
  });
  document.addEventListener("click", (event) => {
    const item = event.target.closest && event.target.closest("[data-fence]");
    if (item) fences.focus(item.dataset.fence);
  });

  // Not as a callback of its value, which would also tell, late, of what was drawn: that may have gone on since.
  document.addEventListener("input", (event) => {
    if (event.target.id === CORNERS) fences.typed(event.target.value);
  });

  const tells = (run) => (...given) => {
    run(...given);
    return window.dash_clientside.no_update;
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    waypostFences: {
      close: tells(fences.close),
      undo: tells(fences.undo),
      /** What there is, and what is drawn: the form is in the place of the list while somebody draws. */
      show(next, draft, text) {
        if (next !== known) fences.show(next);
        // By when it was begun: the store may tell the same again as another object.
        const isAnother = (draft ? draft.at : null) !== (drafted ? drafted.at : null);
        if (isAnother) fences.draft(draft || null, text);
        return [!draft, Boolean(draft)];
      },
      cancel(clicks) {
        return clicks ? null : window.dash_clientside.no_update;
      },
    },
  });
})(window.waypost.fences);
