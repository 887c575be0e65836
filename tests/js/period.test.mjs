// The time picker reads periods as core/period.py does, and steps and widens them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

process.env.TZ = "Europe/Berlin";
globalThis.window = globalThis;
const at = (name) => new URL(`../../assets/shell/${name}.js`, import.meta.url);
for (const name of ["controls", "download", "period", "popover"]) runInThisContext(readFileSync(at(name), "utf8"), { filename: name });
const { period, shell, download, popover } = globalThis.waypost;

const NOW = Date.parse("2026-11-25T22:14:51.500Z"); // a Wednesday, 23:14 in Berlin
const spanOf = (from, to) => {
  const { start, end, problem } = period.resolve(from, to, NOW);
  return problem || [new Date(start).toISOString(), new Date(end).toISOString()];
};

test("texts are read in the zone of the browser, as the server reads them", () => {
  const expected = [
    ["now-1h", "now", "2026-11-25T21:14:51.500Z", "2026-11-25T22:14:51.500Z", "Last hour"],
    ["now-15m", "now", "2026-11-25T21:59:51.500Z", "2026-11-25T22:14:51.500Z", "Last 15 minutes"],
    ["now/d", "now", "2026-11-24T23:00:00.000Z", "2026-11-25T22:14:51.500Z", "Today so far"],
    ["now-1d/d", "now-1d/d", "2026-11-23T23:00:00.000Z", "2026-11-24T23:00:00.000Z", "Yesterday"],
    ["now/w", "now", "2026-11-22T23:00:00.000Z", "2026-11-25T22:14:51.500Z", "This week so far"],
    ["now-1M/M", "now-1M/M", "2026-09-30T22:00:00.000Z", "2026-10-31T23:00:00.000Z", "Last calendar month"],
    ["2026-11-22", "2026-11-22", "2026-11-21T23:00:00.000Z", "2026-11-22T23:00:00.000Z", "22 Nov 00:00 to 23 Nov 00:00"],
    ["2026-11-22 20:00", "2026-11-22T21:30", "2026-11-22T19:00:00.000Z", "2026-11-22T20:30:00.000Z", "22 Nov 20:00 to 21:30"],
    ["2025-12-31T22:00Z", "2026-01-01T00:00 01:00", "2025-12-31T22:00:00.000Z", "2025-12-31T23:00:00.000Z", "31 Dec 2025 23:00 to 1 Jan 2026 00:00"],
  ];
  for (const [from, to, start, end, words] of expected) {
    assert.deepEqual(spanOf(from, to), [start, end], from);
    assert.equal(period.words({ from, to }, NOW), words);
  }
});

test("what cannot be read says which and what to write", () => {
  const bad = [["yesterday", "now", "“from” is no moment: yesterday"], ["now-1h", "2026-13-01", "“to” is no moment"], ["2026-02-31", "now", "“from” is no moment"], ["now", "now-1h", "is not before"], ["", "now", "nothing"], ["1969-01-01", "now", "“from”"], ["now-99999999h", "now", "“from”"], ["22 Nov 2026", "now", "“from”"]];
  for (const [from, to, said] of bad) assert.match(String(spanOf(from, to)), new RegExp(said), `${from} ${to}`);
});

test("a day ago is the same time yesterday where clocks changed in between", () => {
  const noon = Date.parse("2026-10-25T11:00:00Z");
  assert.equal(noon - period.moment("now-1d", false, noon), 25 * 3600000);
  assert.equal(noon - period.moment("now-24h", false, noon), 24 * 3600000);
});

test("a step back and a step forward come back to now, and none goes beyond it", () => {
  const back = period.step({ from: "now-1h", to: "now" }, -1, NOW);
  assert.deepEqual(back, { from: "2026-11-25T20:15Z", to: "2026-11-25T21:15Z" });
  assert.deepEqual(period.step(back, 1, NOW), { from: "now-1h", to: "now" });
  const now = { from: "now-1h", to: "now" };
  assert.equal(period.step(now, 1, NOW), now);
  const day = period.step({ from: "2026-11-20T00:00Z", to: "2026-11-21T00:00Z" }, 1, NOW);
  assert.deepEqual(day, { from: "2026-11-21T00:00Z", to: "2026-11-22T00:00Z" });
  const bad = { from: "x", to: "now" };
  assert.equal(period.step(bad, -1, NOW), bad);
});

test("zooming out doubles the length and keeps the end at now where it was", () => {
  assert.deepEqual(period.zoomOut({ from: "now-90m", to: "now" }, NOW), { from: "now-3h", to: "now" });
  assert.deepEqual(period.zoomOut({ from: "2026-11-20T10:00Z", to: "2026-11-20T12:00Z" }, NOW), { from: "2026-11-20T09:00Z", to: "2026-11-20T13:00Z" });
});

test("what is written in the clock of the browser is kept in UTC, and shown in its clock again", () => {
  assert.equal(period.kept(" 2026-11-22 20:00 ", false, NOW), "2026-11-22T19:00Z");
  assert.equal(period.kept("2026-11-22", true, NOW), "2026-11-22T23:00Z");
  assert.equal(period.kept("now-7d", false, NOW), "now-7d");
  assert.equal(period.kept("rubbish", false, NOW), "rubbish");
  assert.equal(period.shown("2026-11-22T19:00Z", NOW), "2026-11-22 20:00");
  assert.equal(period.shown("2026-11-22T19:00:05Z", NOW), "2026-11-22 20:00:05");
  assert.equal(period.shown("now/d", NOW), "now/d");
});

test("period and filters go along to another page, unless it has its own", () => {
  const before = "?metric=battery&from=now-6h&to=now-1h&fleet=north&device=a&device=b";
  assert.equal(shell.carried("", before), "?from=now-6h&to=now-1h&fleet=north&device=a&device=b");
  assert.equal(shell.carried("?from=now-1h&device=c", before), "?from=now-1h&device=c&fleet=north");
  assert.equal(shell.carried("", "?metric=battery"), "");
  assert.equal(shell.carried("", before, "/device/a"), "?from=now-6h&to=now-1h");
});

test("sizes, addresses and names of downloads", () => {
  assert.deepEqual([12, 1234, 1234567].map(download.size), ["12 B", "1 kB", "1.2 MB"]);
  assert.equal(download.address("/api/v1/top?n=5", "csv"), "/api/v1/top?n=5&format=csv");
  assert.equal(download.nameOf(`attachment; filename="speed.csv"`, "x"), "speed.csv");
  assert.equal(download.nameOf(`attachment; filename="b_s.csv"; filename*=UTF-8''b%C3%BCs.csv`, "x"), "büs.csv");
  assert.equal(download.nameOf(null, "x.csv"), "x.csv");
});

test("a download tells how much has come, and what the server said where it refused", async () => {
  const told = [];
  const headers = { "content-type": "text/csv", "content-disposition": `attachment; filename="a.csv"` };
  const got = await download.get(async () => new Response("a,b\n", { headers }), "/x", "y", (bytes) => told.push(bytes));
  assert.equal(await got.blob.text(), "a,b\n");
  assert.equal(got.name, "a.csv");
  assert.deepEqual(told, [4]);
  const refused = async () => new Response(JSON.stringify({ detail: "send points=60 or fewer" }), { status: 422 });
  await assert.rejects(download.get(refused, "/x", "y", () => {}), /send points=60 or fewer/);
  await assert.rejects(download.get(async () => new Response("<html>", { status: 502 }), "/x", "y", () => {}), /502/);
  await assert.rejects(download.get(async () => { throw new TypeError("gone"); }, "/x", "y", () => {}), /cannot be reached/);
});

test("a panel is moved into the window", () => {
  assert.equal(popover.shift(-20, 100, 390, 8), 28);
  assert.equal(popover.shift(200, 420, 390, 8), -38);
  assert.equal(popover.shift(20, 200, 390, 8), 0);
});
