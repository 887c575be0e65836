"""Judges all events of devices anew, by a plain computation over all of them: after the rules have changed."""

from typing import Final

from psycopg import Connection
from psycopg.types.json import Jsonb

from core.timelines import CLOCK_JUMP, OUT_OF_ORDER, REPEAT, Rules

_AT_ONCE: Final = 50

_OTHERWISE_JUDGED: Final = """
SELECT device_id FROM event_frontier WHERE rules <> %s ORDER BY device_id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_JUDGE: Final = f"""
WITH step AS (
    SELECT * FROM unnest(%(types)s::text[], %(machines)s::text[], %(states)s::text[], %(sources)s::jsonb[])
        AS a(type, machine, state, sources)
), seen AS (
    SELECT e.device_id, e.ts, e.id, e.received_at, s.machine, s.state, s.sources,
        lag(s.state) OVER (PARTITION BY e.device_id, s.machine ORDER BY e.ts, e.received_at, e.id) AS before,
        max(e.ts) OVER (PARTITION BY e.device_id ORDER BY e.received_at
            RANGE BETWEEN UNBOUNDED PRECEDING AND '1 microsecond' PRECEDING) AS newest
    FROM event e LEFT JOIN step s ON s.type = e.type WHERE e.device_id = ANY(%(devices)s)
), judged AS (
    SELECT device_id, ts, id, machine, state, array_remove(ARRAY[
        CASE WHEN ts - received_at > %(ahead)s * interval '1 second'
            OR newest - ts > %(behind)s * interval '1 second' THEN '{CLOCK_JUMP}' END,
        CASE WHEN machine IS NULL THEN NULL
            WHEN before = state THEN CASE WHEN sources ? state THEN NULL ELSE '{REPEAT}' END
            WHEN sources IS NULL OR CASE WHEN before IS NULL THEN sources @> '[null]' ELSE sources ? before END
                THEN NULL
            ELSE '{OUT_OF_ORDER}' END
    ], NULL) AS marks FROM seen
)
UPDATE event e SET machine = j.machine, state = j.state, marks = j.marks FROM judged j
WHERE e.device_id = j.device_id AND e.ts = j.ts AND e.id = j.id
    AND (e.machine, e.state, e.marks) IS DISTINCT FROM (j.machine, j.state, j.marks)
"""  # noqa: S608 - the names are our own
_KEEP_STATES: Final = """
INSERT INTO device_state (device_id, machine, state, ts, received_at, event_id)
SELECT DISTINCT ON (device_id, machine) device_id, machine, state, ts, received_at, id
FROM event WHERE device_id = ANY(%s) AND machine IS NOT NULL
ORDER BY device_id, machine, ts DESC, received_at DESC, id DESC
ON CONFLICT (device_id, machine) DO UPDATE SET state = excluded.state, ts = excluded.ts,
    received_at = excluded.received_at, event_id = excluded.event_id
"""
_FORGET_STATES: Final = "DELETE FROM device_state WHERE device_id = ANY(%s) AND machine <> ALL(%s)"
_NOTE: Final = "UPDATE event_frontier SET rules = %s WHERE device_id = ANY(%s)"


def judge_anew(connection: Connection, rules: Rules, at_once: int = _AT_ONCE) -> int:
    """Judge the events of some devices that were judged by other rules, in one transaction; how many devices.

    Those that a writer is at are left for the next time.
    """
    with connection.transaction():
        devices = [d for (d,) in connection.execute(_OTHERWISE_JUDGED, (rules.digest, at_once))]
        if devices:
            judge_devices(connection, rules, devices)
            connection.execute(_NOTE, (rules.digest, devices))
    return len(devices)


def judge_devices(connection: Connection, rules: Rules, devices: list[int]) -> int:
    """Judge all events of these devices, and set their states; how many events were judged otherwise before."""
    steps = rules.steps.values()
    asked = {
        "types": list(rules.steps),
        "machines": [step.machine for step in steps],
        "states": [step.transition.to for step in steps],
        "sources": [
            None if step.transition.sources is None else Jsonb(list(step.transition.sources)) for step in steps
        ],
        "devices": devices,
        "ahead": rules.ahead_s,
        "behind": rules.behind_s,
    }
    changed = connection.execute(_JUDGE, asked).rowcount
    connection.execute(_FORGET_STATES, (devices, sorted({step.machine for step in steps})))
    connection.execute(_KEEP_STATES, (devices,))
    return changed
