(function (global) {
  "use strict";
  global.waypost.heat = { create: () => ({ refresh() {}, detach() {} }) };
})(globalThis);
