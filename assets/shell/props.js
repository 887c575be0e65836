/* Telling components from outside of callbacks, where they may not be there yet, or not any more. */
window.waypost = window.waypost || {};
window.waypost.props = window.waypost.props || {};

(function defineProps(props) {
  const AGAIN_MS = 100;

  /** Give the component `id` these properties; whether the page has it. Dash's own set_props throws a TypeError where it
      does not: before the first layout, and once another page was opened. */
  props.set = function set(id, values) {
    const dash = window.dash_clientside;
    if (!dash || !dash.set_props) return false;
    try {
      dash.set_props(id, values);
      return true;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  };

  /** The same, again until the component is there; only for those that every page has. `later` is window.setTimeout. */
  props.setOnceThere = function setOnceThere(id, values, later = window.setTimeout.bind(window)) {
    if (!props.set(id, values())) later(() => props.setOnceThere(id, values, later), AGAIN_MS);
  };
})(window.waypost.props);
