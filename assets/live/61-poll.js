/* Asking for the live map without a socket: one snapshot of the view, and the names of devices that have none yet. */
(function (global) {
  "use strict";
  const { protocol } = global.waypost;

  /** An answer that is no success; `status` is its HTTP status. */
  class AskError extends Error {
    constructor(status) {
      super(`the live map was asked for and answered with ${status}`);
      this.status = status;
    }
  }

  async function get(fetch, path, signal) {
    const answer = await fetch(path, { signal, credentials: "same-origin" });
    if (!answer.ok) throw new AskError(answer.status);
    return answer;
  }

  /** A function poll(view, signal) for connection.open. `isNamed(id)` tells whether the name of a device is known;
      `onHello` and `onDevices` are given what the text frames of the socket say, `onFrame(buffer)` the snapshot. */
  function create({ fetch, isNamed, onHello, onDevices, onFrame }) {
    let greeted = false;
    return async function poll(view, signal) {
      const query = protocol.viewQuery(view);
      const answer = await get(fetch, `/api/v1/live/snapshot${query}`, signal);
      const buffer = await answer.arrayBuffer();
      const frame = protocol.decodeFrame(buffer);
      if (!greeted || !frame.id.every(isNamed)) {
        const names = protocol.checkNames(await (await get(fetch, `/api/v1/live/names${query}`, signal)).json());
        if (signal.aborted) return;
        onHello(names.hello);
        onDevices(names.devices);
        greeted = true;
      }
      if (!signal.aborted) onFrame(buffer);
    };
  }

  global.waypost.poll = { AskError, create };
})(globalThis);
