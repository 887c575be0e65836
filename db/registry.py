"""Names of devices and metrics to their ids, and back: kept in memory, backed by the database.

Floods are bounded: more devices or metrics than the settings allow are refused, never registered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from psycopg import Connection
from psycopg.types.json import Jsonb

DESCRIBING = ("label", "kind", "fleet")
"""Texts of a message that have a column of their own in `device`; all others go to its attributes."""

_ADD_DEVICES = """
INSERT INTO device (name) SELECT unnest(%s::text[])
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING name, id
"""
_ADD_METRICS = """
INSERT INTO metric (name, label, stored_in) SELECT n, n, 'measurement' FROM unnest(%s::text[]) n
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING name, id
"""
# What an admin has given a device wins over what it sends, which is kept beside it.
_DESCRIBE = """
UPDATE device SET sent = sent || %(sent)s, label = coalesce(given->>'label', %(label)s, label),
    kind = coalesce(%(kind)s, kind), fleet = coalesce(given->>'fleet', %(fleet)s, fleet),
    attributes = attributes || %(attributes)s WHERE id = %(id)s
"""
# Once a minute is enough here: the newest moment of every device is in `latest`.
_TOUCH = """
UPDATE device SET last_seen = latest.received_at FROM latest
WHERE latest.device_id = device.id AND device.last_seen < latest.received_at
"""


@dataclass
class Registry:
    """What is known of devices and metrics. Used by one thread: that of the ingest scheduler."""

    max_devices: int
    max_metrics: int
    devices: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)
    _texts: dict[int, dict[str, str]] = field(default_factory=dict)

    def load(self, connection: Connection) -> None:
        """Read all that is registered, in place of what was known."""
        sent = "SELECT name, id, sent->>'label', kind, sent->>'fleet', attributes FROM device"
        rows = connection.execute(sent).fetchall()
        self.devices = {row[0]: row[1] for row in rows}
        self._texts = {
            row[1]: {k: v for k, v in zip(DESCRIBING, row[2:5], strict=True) if v is not None} | row[5] for row in rows
        }
        metrics = connection.execute("SELECT name, id FROM metric WHERE stored_in = 'measurement'")
        self.metrics = dict(metrics.fetchall())

    def add_devices(self, connection: Connection, names: Iterable[str]) -> None:
        """Register the names that are new, as far as there is room; the rest stay unknown."""
        new = list(dict.fromkeys(n for n in names if n not in self.devices))[
            : max(0, self.max_devices - len(self.devices))
        ]
        if new:
            with connection.transaction():
                rows = connection.execute(_ADD_DEVICES, (new,)).fetchall()
            self.devices.update(rows)

    def add_metrics(self, connection: Connection, names: Iterable[str]) -> None:
        """Register the metrics that are new, as far as there is room; the rest stay unknown."""
        new = list(dict.fromkeys(n for n in names if n not in self.metrics))[
            : max(0, self.max_metrics - len(self.metrics))
        ]
        if new:
            with connection.transaction():
                rows = connection.execute(_ADD_METRICS, (new,)).fetchall()
            self.metrics.update(rows)

    def changed_texts(self, device_id: int, texts: Mapping[str, str]) -> dict[str, str]:
        """Those of `texts` that differ from what is known of the device."""
        known = self._texts.get(device_id, {})
        return {key: value for key, value in texts.items() if known.get(key) != value}

    def unknown_texts(self, device_id: int, texts: Mapping[str, str]) -> dict[str, str]:
        """Those of `texts` under whose names nothing is known of the device."""
        known = self._texts.get(device_id, {})
        return {key: value for key, value in texts.items() if key not in known}

    def describe(self, connection: Connection, changes: Mapping[int, Mapping[str, str]]) -> None:
        """Write texts that changed: label, kind and fleet to their columns, others to the attributes."""
        rows = [
            {
                "id": device_id,
                **{name: texts.get(name) for name in DESCRIBING},
                "sent": Jsonb({k: v for k, v in texts.items() if k in ("label", "fleet")}),
                "attributes": Jsonb({k: v for k, v in texts.items() if k not in DESCRIBING}),
            }
            for device_id, texts in changes.items()
        ]
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(_DESCRIBE, rows)
        for device_id, texts in changes.items():
            self._texts.setdefault(device_id, {}).update(texts)


def touch_devices(connection: Connection) -> int:
    """Move `device.last_seen` forward to what `latest` says; of how many devices."""
    return connection.execute(_TOUCH).rowcount
