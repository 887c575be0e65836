"""From messages of a topic to records: those that came together, from one source, stand together."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from ingest.journal import Record
from ingest.kafka.partition import OVERHEAD, Fetched

SOURCE_HEADER: Final = "source"
_SLOT_MS: Final = 10
"""Messages that the broker dated within so many milliseconds share a record, and its time of receipt. It is short, as
messages without a timestamp get that time, and two of one device with the same would become one."""
_EARLIEST_MS: Final = 1_000_000_000_000
_MOST_SOURCES: Final = 1_000
_MOST_NAME: Final = 200


class Recorder:
    """Makes records; `name` is the source of messages without a header that names theirs. Used by one thread.

    `empty` counts messages without a value: tombstones of a compacted topic, which say nothing here.
    """

    def __init__(self, name: str) -> None:
        self.empty = 0
        self._name = name
        self._names: dict[bytes, str] = {}

    def records(self, messages: Iterable[Message]) -> Iterator[Fetched]:
        """Records of messages of one partition, in their order."""
        now = time.time_ns() // 1_000_000
        payloads: list[bytes] = []
        source, slot, first, last, size = self._name, -1, -1, -1, 0
        for m in messages:
            headers, offset, value = m.headers(), m.offset() or 0, m.value()
            named = self._source_of(headers) if headers else self._name
            kind, moment = m.timestamp()
            if kind == TIMESTAMP_NOT_AVAILABLE or not _EARLIEST_MS <= moment <= now:
                moment = now
            if moment // _SLOT_MS != slot or named is not source:
                if first >= 0:
                    yield Fetched(first, Record(last + 1, slot * _SLOT_MS * 1000, source, payloads), size)
                payloads, source, slot, first, size = [], named, moment // _SLOT_MS, offset, 0
            last = offset
            if value is None:
                self.empty += 1
            else:
                payloads.append(value)
                size += len(value)
            size += OVERHEAD
        if first >= 0:
            yield Fetched(first, Record(last + 1, slot * _SLOT_MS * 1000, source, payloads), size)

    def _source_of(self, headers: Sequence[tuple[str, str | bytes | None]] | dict[str, str | bytes | None]) -> str:
        """The source that the headers name: few and short names only, as each has an account of its own."""
        pairs = headers.items() if isinstance(headers, dict) else headers
        value = next((value for name, value in pairs if name == SOURCE_HEADER), None)
        if not isinstance(value, bytes):
            return self._name
        known = self._names.get(value)
        if known is None:
            if len(self._names) >= _MOST_SOURCES:
                return self._name
            known = self._names[value] = self._usable(value) or self._name
        return known

    @staticmethod
    def _usable(value: bytes) -> str:
        name = value.decode(errors="replace")
        return name if len(name) <= _MOST_NAME and name.isprintable() and "\ufffd" not in name else ""
