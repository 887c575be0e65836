"""What a part holds: a row for each message, with the payload it came in and what was made of it.

A payload with several messages stands in the first of their rows. One that says nothing by itself (a part of an AIS
message, a line that keeps a connection alive) has a row too: from the lake, every record can be put together again.
"""

from typing import Any, Final

import pyarrow as pa

from ingest.decoders import Decoder
from ingest.journal import Record

_MOMENT: Final = pa.timestamp("us", tz="UTC")
SCHEMA: Final = pa.schema(
    [
        pa.field("sequence", pa.int64(), nullable=False),
        pa.field("payload_index", pa.int32(), nullable=False),
        pa.field("received_at", _MOMENT, nullable=False),
        pa.field("payload", pa.binary()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("device_id", pa.string()),
        pa.field("ts", _MOMENT),
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("altitude", pa.float64()),
        pa.field("speed", pa.float64()),
        pa.field("heading", pa.float64()),
        pa.field("values", pa.map_(pa.string(), pa.float64())),
        pa.field("texts", pa.map_(pa.string(), pa.string())),
    ]
)
"""`outcome` is what decoding says: "accepted" for a message, "quarantined" for what has a `reason`, else "nothing".
Units SI, moments UTC."""

SOURCE: Final = b"waypost.source"
FIRST_RECEIVED: Final = b"waypost.first_received_at"
"""Keys of a file's own metadata: the source's name whole, and when its first record was received (µs since 1970)."""

_NO_MESSAGE: Final = (None,) * 9


class Rows:
    """Rows on their way into a part, by column."""

    def __init__(self) -> None:
        self.bytes = 0
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, record: Record, decoder: Decoder) -> None:
        """Decode a record, a payload at a time, so that it is known what came in which."""
        sequence, received_at, append = record.sequence, record.received_at, self._rows.append
        for index, payload in enumerate(record.payloads):
            messages, refused = decoder.decode([payload], received_at)
            shown: bytes | None = payload
            self.bytes += len(payload)
            for m in messages:
                values = list(m.values.items()) if m.values else None
                texts = list(m.texts.items()) if m.texts else None
                place = (m.device, m.ts, m.lat, m.lon, m.altitude, m.speed, m.heading, values, texts)
                append((sequence, index, received_at, shown, "accepted", None, *place))
                shown = None
            for r in refused:
                append((sequence, index, received_at, shown, "quarantined", r.reason, *_NO_MESSAGE))
                shown = None
            if shown is not None:
                append((sequence, index, received_at, shown, "nothing", None, *_NO_MESSAGE))

    def take(self) -> pa.RecordBatch:
        """All rows, which are none afterwards."""
        columns = list(zip(*self._rows, strict=True)) or [()] * len(SCHEMA)
        self._rows, self.bytes = [], 0
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
