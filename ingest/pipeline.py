"""From the journal to the database and to Redis: the steps of one tick.

Two places in the journal are kept. `stored` moves with the checkpoint; `shown` moves as live states are published.
They are the same while the database answers. While it does not, `shown` goes on alone, so the map stays live, and
what lies between is stored when the database is back.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.errors import BatchRefused, StoreUnavailable
from core.log import RateLimitedLog, get_logger
from core.types import Message, from_micros
from db.batch import Batch, Frontier
from db.live import LiveWriter
from db.live_table import LiveTable
from db.records import Records, records_of
from db.registry import Registry
from db.seed import read_seed
from db.write import Latest, Writer
from ingest.ahead import Ahead
from ingest.decoders import Decoded, Decoder, Refused
from ingest.journal import Journal, Record

STREAM: Final = "journal"
_RETRY_S: Final = 1.0
_MICROS_A_DAY: Final = 86_400_000_000


@dataclass
class PipelineStatus:
    """What the pipeline is doing. Written by its thread, read by any."""

    stored_sequence: int = 0
    shown_sequence: int = 0
    database_problem: str | None = None
    redis_problem: str | None = None
    refused: Counter[str] = field(default_factory=Counter)
    metrics_refused: int = 0
    last_commit_at: float | None = None


@dataclass
class _Work:
    """A record of the journal and what it held. `refused` grows as later steps refuse messages.

    `records` are the messages by column, made once their devices have ids.
    """

    record: Record
    messages: list[Message]
    refused: list[Refused]
    records: Records | None = None


class Pipeline:
    """Used by one thread. `decoders` are by source name; a source that is gone has its records read as JSON."""

    def __init__(
        self,
        *,
        journal: Journal,
        decoders: Mapping[str, Decoder],
        default_decoder: Decoder,
        writer: Writer,
        live: LiveWriter,
        registry: Registry,
        batch_messages: int,
        keep_days: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = PipelineStatus()
        self._journal = journal
        self._decoders = decoders
        self._default_decoder = default_decoder
        self._writer = writer
        self._live = live
        self._registry = registry
        self._batch_messages = batch_messages
        self._keep_us = keep_days * _MICROS_A_DAY
        self._clock = clock
        self._log = get_logger("pipeline")
        self._limited = RateLimitedLog(self._log)
        self._frontier = Frontier()
        self._states = LiveTable()
        self._to_show: set[int] = set()
        self._to_keep: set[int] = set()
        self._values_to_keep: set[int] = set()
        self._values_to_show: set[int] = set()
        self._ahead = Ahead(self._read)
        self._database_retry_at = 0.0
        self._redis_retry_at = 0.0

    def start(self) -> None:
        """Take up where the database says that storing stopped. Raises StoreUnavailable."""
        connection = self._writer.connection()
        self._registry.load(connection)
        seed = read_seed(connection, STREAM)
        self._frontier, self._states = seed.frontier, seed.live
        self._journal.skip_to(seed.checkpoint)
        self._journal.stored(seed.checkpoint)
        self.status.stored_sequence = self.status.shown_sequence = seed.checkpoint
        behind = self._journal.next_sequence - 1 - seed.checkpoint
        if behind:
            self._log.info("the journal holds records that are not stored yet; storing them", records=behind)
        self._show_everything()

    def close(self) -> None:
        """End what runs beside it; the database and Redis are closed by who opened them."""
        self._ahead.close()

    def tick(self) -> None:
        """Bring everything that the journal has into Redis and the database, as far as they answer."""
        if self.status.redis_problem is not None and self._clock() >= self._redis_retry_at:
            self._show_everything()
        while self._advance():
            pass

    def _advance(self) -> bool:
        """Work on one batch; True where there is more to do at once."""
        if self._clock() < self._database_retry_at:
            return self._show_only()
        work = self._ahead.take(self.status.stored_sequence)
        if not work:
            return False
        is_full = sum(len(w.record.payloads) for w in work) >= self._batch_messages
        if is_full:
            self._ahead.begin(work[-1].record.sequence)
        try:
            self._register(work)
            self._show(work)
            self._store(work)
        except StoreUnavailable as error:
            if self.status.database_problem is None:
                self._log.error("the database does not answer; intake goes on into the journal", why=str(error))
            self.status.database_problem = str(error)
            self._database_retry_at = self._clock() + _RETRY_S
            return self._show_only()
        if self.status.database_problem is not None:
            self._log.info("the database answers again")
            self.status.database_problem = None
        return is_full

    def _show_only(self) -> bool:
        work = self._ahead.take(self.status.shown_sequence)
        self._show(work)
        return bool(work)

    def _read(self, after: int) -> list[_Work]:
        """The records behind `after`, up to a batch, decoded."""
        return [self._decode(record) for record in self._journal.read(after, self._batch_messages)]

    def _decode(self, record: Record) -> _Work:
        decoder = self._decoders.get(record.source, self._default_decoder)
        decoded: Decoded = decoder.decode(record.payloads, record.received_at)
        work = _Work(record, decoded.messages, decoded.refused)
        if self._keep_us:
            self._refuse_too_old(work)
        return work

    def _refuse_too_old(self, work: _Work) -> None:
        """What would be dropped at the next turn is not stored, so that its rollups are not made from half of it."""
        oldest = time.time_ns() // 1000 - self._keep_us
        for m in work.messages:
            if m.ts < oldest:
                detail = f"{from_micros(m.ts):%Y-%m-%d}, kept are {self._keep_us // _MICROS_A_DAY} days"
                work.refused.append(Refused("older than rows are kept", detail, m.device.encode()))
        work.messages[:] = [m for m in work.messages if m.ts >= oldest]

    def _register(self, work: Sequence[_Work]) -> None:
        """Give ids to devices and metrics that are new, and write what is new about a device."""
        devices, metrics = self._registry.devices, self._registry.metrics
        new_devices = dict.fromkeys(m.device for w in work for m in w.messages if m.device not in devices)
        new_metrics = dict.fromkeys(
            n for w in work for m in w.messages if m.values for n in m.values if n not in metrics
        )
        if new_devices or new_metrics:
            connection = self._writer.connection()
            self._writer.guarded(lambda: self._registry.add_devices(connection, filter(str.isprintable, new_devices)))
            self._writer.guarded(lambda: self._registry.add_metrics(connection, new_metrics))
        self._refuse_unregistered(work)
        changes: dict[int, dict[str, str]] = {}
        for w in work:
            for m in w.messages:
                if m.texts and (changed := self._registry.changed_texts(devices[m.device], m.texts)):
                    changes.setdefault(devices[m.device], {}).update(changed)
        if changes:
            connection = self._writer.connection()
            self._writer.guarded(lambda: self._registry.describe(connection, changes))
            self._try_live(lambda: self._live.announce_devices(list(changes)))

    def _refuse_unregistered(self, work: Sequence[_Work]) -> None:
        devices, metrics = self._registry.devices, self._registry.metrics
        for w in work:
            kept = []
            for m in w.messages:
                if m.device in devices:
                    kept.append(m)
                elif m.device.isprintable():
                    most = f"at most {self._registry.max_devices} (WAYPOST_MAX_DEVICES)"
                    w.refused.append(Refused("too many devices", most, m.device.encode()))
                else:
                    w.refused.append(Refused("device is not a name", repr(m.device)[:80], b""))
                if m.values and any(name not in metrics for name in m.values):
                    self.status.metrics_refused += sum(name not in metrics for name in m.values)
                    self._limited.warning("metrics", "too many metrics; further ones are left out", device=m.device)
            w.messages[:] = kept

    def _show(self, work: Sequence[_Work]) -> None:
        """Move live states forward and publish those that changed."""
        for w in work:
            if w.record.sequence <= self.status.shown_sequence:
                continue
            changed, valued = self._states.advance(self._columns(w), w.messages)
            self._to_show |= changed
            self._values_to_show |= valued
            self.status.shown_sequence = w.record.sequence
        self._to_keep |= self._to_show
        self._values_to_keep |= self._values_to_show
        if self._to_show and self.status.redis_problem is None:
            self._publish()

    def _columns(self, w: _Work) -> Records:
        """The messages of a record by column; those of devices without an id are left out."""
        if w.records is None:
            devices = self._registry.devices
            w.messages[:] = [m for m in w.messages if m.device in devices]
            w.records = records_of(w.messages, [devices[m.device] for m in w.messages])
        return w.records

    def _publish(self) -> None:
        records = self._states.records(self._to_show)
        values = self._states.plain_values(self._values_to_show)
        if self._try_live(lambda: self._live.publish(records, values)):
            self._to_show.clear()
            self._values_to_show.clear()

    def _show_everything(self) -> None:
        if self._try_live(lambda: self._live.replace(self._states.records(), self._states.plain_values())):
            self._to_show.clear()
            self._values_to_show.clear()

    def _try_live(self, call: Callable[[], None]) -> bool:
        try:
            call()
        except StoreUnavailable as error:
            if self.status.redis_problem is None:
                self._log.error("live updates are paused; storing goes on", why=str(error))
            self.status.redis_problem = str(error)
            self._redis_retry_at = self._clock() + _RETRY_S
            return False
        if self.status.redis_problem is not None:
            self._log.info("live updates go on")
            self.status.redis_problem = None
        return True

    def _store(self, work: Sequence[_Work]) -> None:
        sequence = work[-1].record.sequence
        keep, values = set(self._to_keep), set(self._values_to_keep)
        latest = Latest(self._states.records(sorted(keep)), {device: self._states.values(device) for device in values})
        try:
            self._writer.store(self._batch_of(work), latest, {STREAM: sequence})
        except BatchRefused as error:
            self._set_aside(work, str(error))
            self._writer.store(self._batch_of(work), latest, {STREAM: sequence})
        self._to_keep -= keep
        self._values_to_keep -= values
        self.status.stored_sequence = sequence
        self.status.last_commit_at = time.time()
        self._journal.stored(sequence)
        for w in work:
            self._report(w)

    def _batch_of(self, work: Sequence[_Work]) -> Batch:
        batch = Batch(self._frontier)
        for w in work:
            values = [self._by_id(m.values) if m.values else None for m in w.messages]
            batch.add(w.record.source, self._columns(w), values, len(w.refused))
        batch.sort()
        return batch

    def _by_id(self, values: Mapping[str, float]) -> dict[int, float]:
        metrics = self._registry.metrics
        return {metrics[name]: value for name, value in values.items() if name in metrics}

    def _set_aside(self, work: Sequence[_Work], why: str) -> None:
        """Find the messages that the database will not take, by halves, and refuse them, so that the rest goes on."""
        for w in work:
            bad = self._refused_by_database(w, w.messages)
            w.refused.extend(Refused("refused by the database", why, m.device.encode()) for m in bad)
            w.messages[:] = [m for m in w.messages if not any(m is b for b in bad)]
            w.records = None

    def _refused_by_database(self, work: _Work, messages: list[Message]) -> list[Message]:
        if not messages:
            return []
        try:
            self._writer.store(self._batch_of([_Work(work.record, messages, [])]), rehearse=True)
        except BatchRefused:
            if len(messages) == 1:
                return messages
            middle = len(messages) // 2
            return [
                *self._refused_by_database(work, messages[:middle]),
                *self._refused_by_database(work, messages[middle:]),
            ]
        return []

    def _report(self, w: _Work) -> None:
        reasons = Counter(refused.reason for refused in w.refused)
        self.status.refused.update(reasons)
        for reason, count in reasons.items():
            first = next(r for r in w.refused if r.reason == reason)
            self._limited.warning(
                f"{w.record.source} {reason}",
                "messages could not be used",
                count,
                source=w.record.source,
                reason=reason,
                detail=first.detail,
                payload=first.payload[:200].decode(errors="replace"),
            )
