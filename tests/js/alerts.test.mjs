import assert from "node:assert/strict";
import { test } from "node:test";
import { shellParts } from "./load-shell.mjs";

const { alerts } = shellParts();
const plain = (value) => JSON.parse(JSON.stringify(value));
const alert = (id, second = id, severity = "warning") => ({ id, opened_at: `2026-11-23T09:00:0${second}.000Z`, severity, subject: `bus-${id}`, text: "x" });
const standing = (open, newest = null, more = {}) => ({ open, critical: 0, unseen: open, newest, devices: [], spaces: [], ...more });

/** The toasts of standings heard one after another. */
function toasts(...heard) {
  let state = alerts.initial();
  return heard.map((one) => {
    const [next, toast] = alerts.step(state, one);
    state = next;
    return toast === null ? null : [toast.alert.id, toast.more, toast.critical];
  });
}

test("a badge says how many are open, at most 99 in figures, all in words, and is hidden at none", () => {
  assert.equal(alerts.badge(0), null);
  assert.deepEqual(plain(alerts.badge(1)), { text: "1", label: "1 open alert" });
  assert.deepEqual(plain(alerts.badge(99)), { text: "99", label: "99 open alerts" });
  assert.deepEqual(plain(alerts.badge(100)), { text: "99+", label: "100 open alerts" });
});

test("what was open when the page was loaded is no news, what opens after that is", () => {
  assert.deepEqual(toasts(standing(2, alert(2)), standing(3, alert(3))), [null, [3, 0, 0]]);
  assert.deepEqual(toasts(standing(0), standing(1, alert(1))), [null, [1, 0, 0]]);
});

test("an alert is told once: not again after a break, when it is seen, or when a newer one has closed", () => {
  const open = standing(1, alert(1));
  const seen = standing(1, alert(1), { unseen: 0 });
  assert.deepEqual(toasts(standing(0), open, open, seen, standing(2, alert(2)), open, standing(0), open), [null, [1, 0, 0], null, null, [2, 0, 0], null, null, null]);
});

test("one that was pending for long has a low id, and is news all the same", () => {
  assert.deepEqual(toasts(standing(1, alert(6, 1)), standing(2, alert(5, 2))), [null, [5, 0, 0]]);
});

test("those that open together are summed up, by their number or, where others close, by their names", () => {
  assert.deepEqual(toasts(standing(1, alert(1)), standing(6, alert(6))), [null, [6, 4, 0]]);
  const before = standing(3, alert(3), { devices: ["a", "b", "c"], spaces: [] });
  const after = standing(3, alert(6), { devices: ["c", "d"], spaces: ["Hall"] });
  assert.deepEqual(toasts(before, after), [null, [6, 1, 0]]);
});

test("critical ones among those that are not named are counted", () => {
  assert.deepEqual(toasts(standing(0), standing(3, alert(3), { critical: 2 })), [null, [3, 2, 2]]);
  assert.deepEqual(toasts(standing(0), standing(3, alert(3, 3, "critical"), { critical: 1 })), [null, [3, 2, 0]]);
  assert.deepEqual(toasts(standing(5, alert(1), { critical: 4 }), standing(1, alert(2), { critical: 0 })), [null, [2, 0, 0]]);
});

test("several in a row become one toast, which names the newest, yet never a warning before a critical one", () => {
  const toast = (one, more = 0, critical = 0) => ({ alert: one, more, critical });
  const join = (...all) => {
    const { alert: first, more, critical } = all.reduce((shown, fresh) => alerts.joined(shown, fresh), null);
    return [first.id, more, critical];
  };
  assert.deepEqual(join(toast(alert(1))), [1, 0, 0]);
  assert.deepEqual(join(toast(alert(1)), toast(alert(2), 3, 1), toast(alert(3))), [3, 5, 1]);
  assert.deepEqual(join(toast(alert(1, 1, "critical")), toast(alert(2))), [1, 1, 0]);
  assert.deepEqual(join(toast(alert(1, 1, "critical")), toast(alert(2, 2, "critical"))), [2, 1, 1]);
  assert.deepEqual(join(toast(alert(1)), toast(alert(2, 2, "critical"))), [2, 1, 0]);
});

test("what is not named is said in words", () => {
  assert.deepEqual([[0, 0], [1, 0], [4, 1]].map(([more, critical]) => alerts.rest({ more, critical })), ["", "and 1 more", "and 4 more, 1 critical"]);
});

test("a toast goes after ten seconds, begins anew while somebody is at it, and stays where one is critical", () => {
  const warning = { alert: alert(1), more: 0, critical: 0 };
  assert.equal(alerts.until(warning, false, null, 1000), 11000);
  assert.equal(alerts.until(warning, false, 11000, 5000), 11000);
  assert.equal(alerts.until(warning, true, 11000, 9000), 19000);
  for (const critical of [{ ...warning, alert: alert(1, 1, "critical") }, { ...warning, more: 2, critical: 1 }]) {
    assert.equal(alerts.until(critical, false, null, 1000), Infinity);
  }
});

test("neither the page of alerts nor a wall screen tells", () => {
  assert.equal(alerts.mayTell("/", false), true);
  assert.equal(alerts.mayTell("/summary", false), true);
  assert.equal(alerts.mayTell("/", true), false);
  assert.equal(alerts.mayTell("/alerts", false), false);
  assert.equal(alerts.mayTell("/alerts/", false), false);
});
