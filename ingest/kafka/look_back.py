"""A partition once more, beside the group that reads it: for who passes on what was stored."""

from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from ingest.journal import Record
from ingest.kafka.client import Settings
from ingest.kafka.records import Recorder

_AT_ONCE: Final = 5_000
_WAIT_S: Final = 0.2


class LookBack:
    """Reads a partition from any place, with a client of its own. Used by one thread."""

    def __init__(self, settings: Settings, name: str, place: TopicPartition) -> None:
        self._recorder = Recorder(name)
        self._place = place
        self._at: int | None = None
        small = {"queued.max.messages.kbytes": 1_024, "auto.offset.reset": "earliest"}
        self._consumer = Consumer(settings | small | {"error_cb": lambda _: None})

    def read(self, after: int, max_payloads: int) -> list[Record]:
        """The records behind sequence number `after`; none where they do not come within a moment."""
        topic, partition = self._place.topic, self._place.partition
        if self._at != after:
            self._consumer.assign([TopicPartition(topic, partition, after or OFFSET_BEGINNING)])
            self._at = after
        messages = self._consumer.consume(min(max_payloads, _AT_ONCE), _WAIT_S)
        records = [f.record for f in self._recorder.records(m for m in messages if m.error() is None)]
        if records:
            self._at = records[-1].sequence
        return records

    def close(self) -> None:
        """Close the client."""
        self._consumer.close()
