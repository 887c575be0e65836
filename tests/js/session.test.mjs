import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "assets", "shell");
const window = {};
const context = createContext({ window, Object, URLSearchParams, JSON });
for (const name of ["controls.js", "session.js", "pipeline.js"]) {
  runInContext(readFileSync(join(FOLDER, name), "utf8"), context, { filename: name });
}
const { session, pipeline, shell } = window.waypost;

test("a refused sign-in says what the server says, and any other fault what to do", () => {
  assert.equal(session.problemOf(401, { detail: "No." }), "No.");
  assert.equal(session.problemOf(429, { detail: "Try again in 30 s." }), "Try again in 30 s.");
  assert.match(session.problemOf(503, {}), /database does not answer/);
  assert.match(session.problemOf(0, { detail: "Waypost cannot be reached." }), /cannot be reached/);
  for (const body of [null, {}, { detail: [1] }]) assert.match(session.problemOf(500, body), /Try again/);
});

test("the header names who is signed in", () => {
  assert.equal(session.nameOf({ user: "admin", role: "admin" }), "Signed in as admin");
  for (const nobody of [null, undefined, {}, { user: null }]) assert.equal(session.nameOf(nobody), "Sign in");
});

test("after signing in one is where the form says, or where one came from", () => {
  assert.equal(session.backTo("/pipeline", "/summary"), "/pipeline");
  assert.equal(session.backTo("", "/summary"), "/summary");
  assert.equal(session.backTo("", null), "/");
  assert.equal(session.backTo("/history", "/history?device=bus-1&from=now-30m"), "/history?device=bus-1&from=now-30m");
  assert.equal(session.backTo("/pipeline?group=1", "/pipeline"), "/pipeline?group=1");
});

test("asking sends JSON, and a server that is away is no exception", async () => {
  const sent = [];
  const answer = { status: 200, json: async () => ({ user: "admin" }) };
  const found = await session.ask(async (...about) => (sent.push(about), answer), "POST", { password: "x" });
  assert.equal(found.body.user, "admin");
  assert.equal(sent[0][0], "/api/v1/session");
  assert.deepEqual([sent[0][1].method, sent[0][1].body], ["POST", '{"password":"x"}']);
  const empty = { status: 204, json: async () => { throw new Error("no body"); } };
  assert.equal((await session.ask(async () => empty, "DELETE")).status, 204);
  assert.equal((await session.ask(async () => { throw new Error("away"); }, "GET")).status, 0);
});

test("a button that opened something closes it again", () => {
  const button = (expanded) => ({ getAttribute: (name) => ({ "aria-expanded": expanded, "data-choose": "a|b" })[name] ?? null });
  assert.equal(shell.chosen(button("false")), "a|b");
  assert.equal(shell.chosen(button(null)), "a|b");
  assert.equal(shell.chosen(button("true")), "");
});

test("an opened group is scrolled to where hardly any of it can be seen", () => {
  assert.equal(pipeline.isOutOfView({ top: 200, bottom: 500 }, 800), false);
  assert.equal(pipeline.isOutOfView({ top: 700, bottom: 1200 }, 800), true);
  assert.equal(pipeline.isOutOfView({ top: -500, bottom: 30 }, 800), true);
});
