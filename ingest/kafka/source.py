"""A topic as a source: its partitions are streams of their own, shared out among all who read it in the same group."""

import time
from itertools import groupby
from typing import Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from ingest.kafka.address import KafkaAddress
from ingest.kafka.client import client_settings
from ingest.kafka.look_back import LookBack
from ingest.kafka.partition import PartitionStream
from ingest.kafka.records import Recorder
from ingest.sources.address import SourceAddress
from ingest.sources.base import Failed, ThreadedSource
from ingest.sources.intake import Intake

_POLL_S: Final = 0.02
_AT_ONCE: Final = 5_000
_MOST_BYTES: Final = 64 * 1024 * 1024
_LEAST_BYTES: Final = 1024 * 1024
"""Bytes buffered of all partitions together, and of each at least."""
_REPORT_S: Final = 5.0
_SESSION_S: Final = 10.0
"""Until the partitions of a process that was killed are another's."""


class KafkaSource(ThreadedSource):
    """Polls in a thread of its own. The partitions that are this process's are its `streams`, until they are not.

    Nothing is appended to the journal: the topic is one. Offsets are committed to Kafka for those who watch the lag
    there; where to go on is said by the one who stores.
    """

    def __init__(self, address: SourceAddress) -> None:
        if not isinstance(address, KafkaAddress):
            raise TypeError(f"{address.name} is no topic")
        super().__init__(address)
        self._topic = address.topic
        self._group = address.group
        session_ms = round(1000 * address.number("session_s", _SESSION_S, least=1, most=300))
        self._settings = client_settings(address) | {
            "group.id": address.group,
            "session.timeout.ms": session_ms,
            "heartbeat.interval.ms": session_ms // 5,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "partition.assignment.strategy": "cooperative-sticky",
            "queued.max.messages.kbytes": 16_384,
            "queued.min.messages": 20_000,
            # librdkafka pauses for 1 s whenever it has that many: measured at 36 k messages a second, against 320 k.
            "fetch.queue.backoff.ms": 10,
            "error_cb": self._say,
        }
        self._recorder = Recorder(self.name)
        self._streams: tuple[PartitionStream, ...] = ()
        self._paused: set[int] = set()
        self._reported: dict[int, int] = {}
        self._report_at = 0.0

    def streams(self) -> tuple[PartitionStream, ...]:
        """The partitions to be stored by this process now; another tuple whenever that changes."""
        return self._streams

    def look_back(self, stream: PartitionStream) -> LookBack:
        """The same partition for a reader beside the one that stores."""
        settings = {name: value for name, value in self._settings.items() if name != "partition.assignment.strategy"}
        return LookBack(settings, self.name, TopicPartition(self._topic, stream.partition))

    def _receive(self, intake: Intake) -> None:
        try:
            consumer = Consumer(self._settings)
        except KafkaException as error:
            raise Failed(str(error)) from error
        try:
            consumer.subscribe([self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
            while not self._stopping.is_set():
                self._arrange(consumer)
                self._take(consumer, consumer.consume(_AT_ONCE, _POLL_S))
                self._report(consumer, intake)
        finally:
            self._let_go({stream.partition for stream in self._streams})
            consumer.close()

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take them, and wait to be told where to begin: the group's own offsets are not ours to follow."""
        new = [TopicPartition(self._topic, p.partition, OFFSET_BEGINNING) for p in partitions]
        consumer.incremental_assign(new)
        if new:
            consumer.pause(new)
            self._paused |= {p.partition for p in new}
            self._add([self._stream(p.partition) for p in new])
            self._log.info("partitions taken up", source=self.name, partitions=sorted(p.partition for p in new))
        self.status.enter("silent")

    def _revoked(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """They are another's from now on. What is being stored of them is either first or undone."""
        self._let_go({p.partition for p in partitions})
        if partitions:
            self._log.info("partitions let go", source=self.name, partitions=sorted(p.partition for p in partitions))

    def _stream(self, partition: int, restart_at: int | None = None) -> PartitionStream:
        name = f"kafka:{self._group}:{self._topic}:{partition}"
        return PartitionStream(name, partition, most_bytes=_LEAST_BYTES, restart_at=restart_at)

    def _add(self, new: list[PartitionStream]) -> None:
        self._streams = (*self._streams, *new)
        for stream in self._streams:
            stream.most_bytes = max(_LEAST_BYTES, _MOST_BYTES // len(self._streams))

    def _let_go(self, partitions: set[int]) -> None:
        gone = [stream for stream in self._streams if stream.partition in partitions]
        self._streams = tuple(stream for stream in self._streams if stream not in gone)
        self._paused -= partitions
        for stream in gone:
            stream.close()
            self._reported.pop(stream.partition, None)

    def _arrange(self, consumer: Consumer) -> None:
        """Go where the reader wants to go on; fetch nothing of partitions whose buffer is full or waits."""
        for stream in self._streams:
            here = TopicPartition(self._topic, stream.partition)
            after = stream.wanted()
            if after is not None:
                self._go_to(consumer, stream.partition, after)
                stream.place(after)
                consumer.resume([here])
                self._paused.discard(stream.partition)
            elif stream.is_full() and stream.partition not in self._paused:
                consumer.pause([here])
                self._paused.add(stream.partition)
            elif stream.partition in self._paused and stream.is_placed() and stream.has_room():
                consumer.resume([here])
                self._paused.discard(stream.partition)

    def _go_to(self, consumer: Consumer, partition: int, after: int) -> None:
        place = TopicPartition(self._topic, partition, after or OFFSET_BEGINNING)
        try:
            consumer.seek(place)
        except KafkaException:
            # It is not being fetched, after an error for one.
            consumer.incremental_unassign([place])
            consumer.incremental_assign([place])

    def _take(self, consumer: Consumer, messages: list[Message]) -> None:
        by_number = {stream.partition: stream for stream in self._streams}
        for partition, group in groupby(messages, key=_partition_of):
            if partition is None:
                for m in group:
                    self._failed_message(consumer, m)
                continue
            together = list(group)
            stream = by_number.get(partition)
            if stream is not None:
                for fetched in self._recorder.records(together):
                    stream.push(fetched)
                    self.status.bytes += sum(map(len, fetched.record.payloads))
            self.status.received += len(together)
        if messages and by_number:
            self.status.last_at = time.time()
            self.status.enter("receiving")

    def _failed_message(self, consumer: Consumer, message: Message) -> None:
        error, partition = message.error(), message.partition()
        if error is None:
            return
        if error.code() == KafkaError._AUTO_OFFSET_RESET and partition is not None:
            self._begin_where_it_begins(consumer, partition)
        elif error.fatal():
            raise Failed(error.str())
        else:
            self._say(error)

    def _begin_where_it_begins(self, consumer: Consumer, partition: int) -> None:
        """The place that was stored is not in the partition: deleted before it was read, or it is another topic."""
        stream = next((s for s in self._streams if s.partition == partition), None)
        if stream is None:
            return
        low, high = consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=5.0)
        stored = stream.committed or 0
        lost = max(0, low - stored)
        self.status.dropped += lost
        self._log.error(
            "the partition does not have what comes next; going on where it begins",
            source=self.name, partition=partition, next=stored, begins=low, ends=high, lost=lost,
        )  # fmt: skip
        self._let_go({partition})
        here = TopicPartition(self._topic, partition)
        consumer.pause([here])
        self._paused.add(partition)
        self._add([self._stream(partition, restart_at=low)])

    def _say(self, error: KafkaError) -> None:
        said = error.str()
        self.status.enter("connecting", said)
        self._limited.warning(said, "Kafka is in trouble; it is tried again", source=self.name, why=said)

    def _report(self, consumer: Consumer, intake: Intake) -> None:
        """Now and then: tell Kafka how far we are, and find out whether what was wrong is over."""
        if time.monotonic() < self._report_at:
            return
        self._report_at = time.monotonic() + _REPORT_S
        stored = {s.partition: s.committed for s in self._streams}
        moved = {p: done for p, done in stored.items() if done and self._reported.get(p) != done}
        try:
            if moved:
                offsets = [TopicPartition(self._topic, p, done) for p, done in moved.items()]
                consumer.commit(offsets=offsets, asynchronous=True)
                self._reported.update(moved)
            if self.status.problem is not None:
                topic = consumer.list_topics(self._topic, timeout=0.5).topics[self._topic]
                if topic.error is None:  # a broker answers, too, that it has no such topic
                    intake.opened("Kafka answers again")
        except KafkaException as error:
            self._log.debug("Kafka was not told how far we are", source=self.name, why=str(error))


def _partition_of(message: Message) -> int | None:
    return None if message.error() is not None else message.partition()
