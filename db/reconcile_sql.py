"""The statements of reconciliation. Spans have their start and not their end, unless it is said."""

from typing import Final

STATES: Final = b"""
SELECT s.space_id, space.zone, space.opens, space.closes, space.empty_at, s.known_from, s.newest, s.reconciled_until,
    EXISTS (SELECT FROM anchor a WHERE a.space_id = s.space_id AND a.ts >= s.reconciled_until AND a.ts <= %s)
FROM space_state s JOIN space ON space.id = s.space_id ORDER BY s.space_id
"""
LOCK: Final = b"SELECT 1 FROM space_state WHERE space_id = %s FOR UPDATE"
CLAIM: Final = b"UPDATE space_state SET reconciled_until = %s WHERE space_id = %s"
MARK: Final = b"INSERT INTO occupancy_mark (space_id, first, last, why) VALUES (%s, %s, %s, %s)"
MARKED: Final = b"SELECT DISTINCT space_id FROM occupancy_mark ORDER BY space_id"
TAKE_TURN: Final = b"SELECT pg_try_advisory_xact_lock(%s, %s)"
MARKS: Final = b"SELECT id, first, last, why FROM occupancy_mark WHERE space_id = %s ORDER BY id"
DONE: Final = b"DELETE FROM occupancy_mark WHERE id = ANY(%s::int8[])"
GROUND: Final = b"""
SELECT space.zone, space.opens, space.closes, space.empty_at, s.known_from, s.reconciled_until
FROM space_state s JOIN space ON space.id = s.space_id WHERE s.space_id = %s
"""
ANCHORS: Final = b"SELECT ts, count FROM anchor WHERE space_id = %s AND ts <= %s ORDER BY ts"

ROWS: Final = b"""
SELECT ts, count, passages, reconciled_count, low, high FROM occupancy
WHERE space_id = %s AND ts >= %s AND ts <= %s ORDER BY ts
"""
LAST_ROW: Final = b"""
SELECT ts, count, passages, reconciled_count, low, high FROM occupancy
WHERE space_id = %s AND ts >= %s AND ts <= %s ORDER BY ts DESC LIMIT 1
"""
DROP_ROWS: Final = b"""
DELETE FROM occupancy WHERE space_id = %s AND ts = ANY(%s::timestamptz[]) AND ts >= %s AND ts <= %s
"""
KEEP_ROWS: Final = b"""
INSERT INTO occupancy AS o (space_id, ts, count, passages, reconciled_count, low, high, reconciled_at)
SELECT %s, t, c, p, r, l, h, now()
FROM unnest(%s::timestamptz[], %s::int4[], %s::int8[], %s::int4[], %s::int4[], %s::int4[]) AS a(t, c, p, r, l, h)
ON CONFLICT (space_id, ts) DO UPDATE SET count = excluded.count, passages = excluded.passages,
    reconciled_count = excluded.reconciled_count, low = excluded.low, high = excluded.high,
    reconciled_at = excluded.reconciled_at
"""
FORGET_ROWS: Final = b"DELETE FROM occupancy WHERE space_id = %s"
FORGET_ROWS_BEFORE: Final = b"DELETE FROM occupancy WHERE space_id = %s AND ts < %s"
FORGET_STRETCHES: Final = b"DELETE FROM stretch WHERE space_id = %s"
FORGET_STRETCHES_BEFORE: Final = b"DELETE FROM stretch WHERE space_id = %s AND started_at < %s"

# Which stretch a crossing lies in is found by halving among the moments between them (width_bucket of an array).
SUMS: Final = b"""
SELECT width_bucket(c.ts, %(ends)s::timestamptz[]) AS place,
    date_bin('5 minutes', c.ts, '2000-01-01 00:00:00+00') AS bucket,
    sum(p.sign * c.direction * c.count)::int, sum(c.count)::int8
FROM placement p JOIN crossing c ON c.device_id = p.device_id AND c.ts >= p.valid_from
    AND (p.valid_to IS NULL OR c.ts < p.valid_to)
WHERE p.space_id = %(space)s AND c.ts >= %(first)s AND c.ts < %(last)s AND c.count > 0
GROUP BY place, bucket ORDER BY place, bucket
"""

STRETCH: Final = b"SELECT variance FROM stretch WHERE space_id = %s AND started_at = %s"
ENDED: Final = b"""
SELECT started_at FROM stretch WHERE space_id = %s AND started_at >= %s AND started_at < %s AND ended_at IS NOT NULL
"""
DROP_STRETCHES: Final = b"DELETE FROM stretch WHERE space_id = %s AND started_at >= %s AND started_at < %s"
ADD_STRETCHES: Final = b"""
INSERT INTO stretch (
    space_id, reconciled_at, started_at, ended_at, base, end_count, end_kind, passages, drift, variance
)
SELECT %s, now(), * FROM unnest(
    %s::timestamptz[], %s::timestamptz[], %s::int4[], %s::int4[], %s::text[], %s::int8[], %s::int4[], %s::float8[]
)
"""
EXPLAIN: Final = b"""
INSERT INTO reconciliation (space_id, first, last, why, changed, largest) VALUES (%s, %s, %s, %s, %s, %s)
"""
AUDIT: Final = b"""
INSERT INTO audit (at, who, what, after)
SELECT clock_timestamp(), 'reconciliation', 'history of ' || name,
    jsonb_build_object('why', %(why)s::text, 'changed', %(changed)s::int4, 'largest', %(most)s::int4)
FROM space WHERE id = %(space)s
"""
