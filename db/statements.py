"""The statements of the one transaction that stores a batch.

Moments come as microseconds since 1970. `to_timestamp` of a double is exact to the microsecond until the year 2255:
before that the error of a double is below a quarter of one, and it rounds. NaN stands for NULL in arrays of numbers.
"""

from typing import Final

COPY_POSITION: Final = """
COPY position (ts, received_at, lat, lon, device_id, altitude, speed, heading) FROM STDIN (FORMAT BINARY)
"""
MERGE_POSITION: Final = """
INSERT INTO position AS p (ts, received_at, lat, lon, device_id, altitude, speed, heading)
SELECT to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), nullif(la, 'NaN'), nullif(lo, 'NaN'), d,
    nullif(al, 'NaN'), nullif(sp, 'NaN'), nullif(he, 'NaN')
FROM unnest(%s::int8[], %s::int8[], %s::float8[], %s::float8[], %s::int4[], %s::float4[], %s::float4[], %s::float4[])
    AS a(t, r, la, lo, d, al, sp, he)
ON CONFLICT (device_id, ts) DO UPDATE SET
    received_at = excluded.received_at,
    lat = coalesce(excluded.lat, p.lat),
    lon = coalesce(excluded.lon, p.lon),
    altitude = coalesce(excluded.altitude, p.altitude),
    speed = coalesce(excluded.speed, p.speed),
    heading = coalesce(excluded.heading, p.heading)
WHERE coalesce(excluded.lat, p.lat) IS DISTINCT FROM p.lat
    OR coalesce(excluded.lon, p.lon) IS DISTINCT FROM p.lon
    OR coalesce(excluded.altitude, p.altitude) IS DISTINCT FROM p.altitude
    OR coalesce(excluded.speed, p.speed) IS DISTINCT FROM p.speed
    OR coalesce(excluded.heading, p.heading) IS DISTINCT FROM p.heading
RETURNING p.device_id, (extract(epoch FROM p.ts) * 1000000)::int8
"""

COPY_MEASUREMENT: Final = "COPY measurement (ts, value, device_id, metric_id) FROM STDIN (FORMAT BINARY)"
MERGE_MEASUREMENT: Final = """
INSERT INTO measurement AS m (ts, value, device_id, metric_id)
SELECT to_timestamp(t / 1000000.0), v, d, k FROM unnest(%s::int8[], %s::float8[], %s::int4[], %s::int4[])
    AS a(t, v, d, k)
ON CONFLICT (device_id, metric_id, ts) DO UPDATE SET value = excluded.value
WHERE excluded.value IS DISTINCT FROM m.value
RETURNING m.device_id, m.metric_id, (extract(epoch FROM m.ts) * 1000000)::int8
"""

ADD_EVENTS: Final = """
INSERT INTO event AS e (ts, received_at, device_id, type, digest, data, machine, state, marks)
SELECT to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), d, k, g, j::jsonb, m, s, string_to_array(f, ',')
FROM unnest(
    %s::int8[], %s::int8[], %s::int4[], %s::text[], %s::int8[], %s::text[], %s::text[], %s::text[], %s::text[]
) AS a(t, r, d, k, g, j, m, s, f)
ON CONFLICT (device_id, ts, type, digest) DO NOTHING
RETURNING e.device_id, (extract(epoch FROM e.ts) * 1000000)::int8, e.type, e.digest, e.id
"""
ADD_CROSSINGS: Final = """
INSERT INTO crossing AS c (ts, received_at, device_id, direction, count)
SELECT to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), d, w, n
FROM unnest(%s::int8[], %s::int8[], %s::int4[], %s::int4[], %s::int4[]) AS a(t, r, d, w, n)
ON CONFLICT (device_id, ts, direction) DO NOTHING
RETURNING c.device_id, (extract(epoch FROM c.ts) * 1000000)::int8, c.direction
"""
KNOWN_CROSSINGS: Final = """
SELECT c.device_id, a.t, c.direction, c.count FROM unnest(%s::int8[], %s::int4[], %s::int4[]) AS a(t, d, w)
JOIN crossing c ON c.device_id = a.d AND c.ts = to_timestamp(a.t / 1000000.0) AND c.direction = a.w
WHERE c.ts >= %s AND c.ts <= %s
"""
CORRECT_CROSSINGS: Final = """
INSERT INTO crossing AS c (ts, received_at, device_id, direction, count)
SELECT to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), d, w, n
FROM unnest(%s::int8[], %s::int8[], %s::int4[], %s::int4[], %s::int4[]) AS a(t, r, d, w, n)
ON CONFLICT (device_id, ts, direction) DO UPDATE SET count = excluded.count, received_at = excluded.received_at
"""

KEEP_LATEST: Final = """
INSERT INTO latest AS l (ts, received_at, lat, lon, device_id, altitude, speed, heading)
SELECT to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), nullif(la, 'NaN'), nullif(lo, 'NaN'), d,
    nullif(al, 'NaN'), nullif(sp, 'NaN'), nullif(he, 'NaN')
FROM unnest(%s::int8[], %s::int8[], %s::float8[], %s::float8[], %s::int4[], %s::float4[], %s::float4[], %s::float4[])
    AS a(t, r, la, lo, d, al, sp, he)
ON CONFLICT (device_id) DO UPDATE SET ts = excluded.ts, received_at = excluded.received_at, lat = excluded.lat,
    lon = excluded.lon, altitude = excluded.altitude, speed = excluded.speed, heading = excluded.heading
WHERE excluded.ts >= l.ts
"""
KEEP_VALUES: Final = """
UPDATE latest SET measurements = measurements || v FROM unnest(%s::int4[], %s::jsonb[]) AS a(d, v)
WHERE device_id = d
"""
KEEP_NEWER_VALUES: Final = """
UPDATE latest SET measurements = measurements || coalesce((
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(v)
    WHERE NOT measurements ? key OR (measurements -> key ->> 1)::int8 <= (value ->> 1)::int8
), '{}') FROM unnest(%s::int4[], %s::jsonb[]) AS a(d, v) WHERE device_id = d
"""
MARK_DIRTY: Final = """
INSERT INTO dirty_bucket (rollup, bucket)
SELECT r, to_timestamp(b / 1000000.0) FROM unnest(%s::text[], %s::int8[]) AS a(r, b)
"""
CHECKPOINT: Final = """
INSERT INTO checkpoint AS c (stream, position) VALUES (%s, %s)
ON CONFLICT (stream) DO UPDATE SET position = excluded.position, updated_at = now() WHERE c.position = %s
"""
LEDGER: Final = """
INSERT INTO ledger AS l (source, received, stored, duplicate, quarantined, gaps) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (source) DO UPDATE SET received = l.received + excluded.received, stored = l.stored + excluded.stored,
    duplicate = l.duplicate + excluded.duplicate, quarantined = l.quarantined + excluded.quarantined,
    gaps = l.gaps + excluded.gaps, updated_at = now()
"""
NOTE_DUPLICATES: Final = """
INSERT INTO duplicate_note (device_ids, hours, counts) VALUES (%s, %s, %s)
"""
ADD_UP_DUPLICATES: Final = """
WITH taken AS (DELETE FROM duplicate_note RETURNING device_ids, hours, counts)
INSERT INTO duplicate AS r (device_id, hour, count)
SELECT d, to_timestamp(h / 1000000.0), sum(n) FROM taken, unnest(device_ids, hours, counts) AS a(d, h, n)
GROUP BY d, h ORDER BY d, h
ON CONFLICT (device_id, hour) DO UPDATE SET count = r.count + excluded.count
"""
