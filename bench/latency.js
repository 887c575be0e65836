/* Run in the page that shows the live map: a second viewer that keeps, of each frame, how old its positions are. */
() => {
  const ages = [];
  const socket = new WebSocket(`ws://${window.location.host}/api/v1/live`);
  socket.binaryType = "arraybuffer";
  socket.onmessage = function keepAges(event) {
    if (typeof event.data === "string") return;
    const frame = window.waypost.protocol.decodeFrame(event.data);
    if (frame.kind !== "delta") return;
    const late = Date.now() - frame.asOf;
    for (const age of frame.ageMs) ages.push(late + age);
  };
  window.benchAges = { clear: () => (ages.length = 0), all: () => ages };
}
