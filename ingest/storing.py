"""A batch of work into the database in one transaction; what it will not take is found and set aside."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from core.errors import BatchRefused
from core.log import RateLimitedLog, get_logger
from core.occupancy import LiveCount
from core.timelines import DEFAULT_RULES, MachineStates, Rules
from core.types import Message
from db.batch import Batch
from db.frontier import Frontier
from db.quarantine import Quarantined
from db.registry import Registry
from db.write import Advance, Latest, Writer
from ingest.sequences import Sequences
from ingest.work import Work, refusal


class Prepared(NamedTuple):
    """A batch that is ready for its transaction."""

    work: Sequence[Work]
    batch: Batch
    latest: Latest
    advances: Sequence[Advance]


class Storer:
    """Used by the thread that stores; what is prepared is committed by any one at a time.

    `refused` counts messages by why they could not be used. `counted` is told what spaces hold after crossings were
    stored. `rules` gives those that events are judged by; `states` gathers the devices whose states were moved, until
    they are taken from there.
    """

    def __init__(
        self,
        writer: Writer,
        registry: Registry,
        counted: Callable[[Sequence[LiveCount]], None] = lambda _: None,
        rules: Callable[[], Rules] = lambda: DEFAULT_RULES,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.states: dict[int, MachineStates] = {}
        self.frontier = Frontier()
        self._writer = writer
        self._counted_spaces = counted
        self._registry = registry
        self._rules = rules
        self._sequences = Sequences()
        self._counted: dict[str, int] = {}
        self._gaps: Counter[str] = Counter()
        self._limited = RateLimitedLog(get_logger("pipeline"))

    def store(self, work: Sequence[Work], latest: Latest, advance: Advance | None) -> None:
        """Store all of `work` and move its stream's checkpoint, if it has one. Raises StoreUnavailable, Superseded."""
        prepared = self.prepare(work, latest, advance)
        try:
            try:
                self.commit(prepared)
            except BatchRefused as error:
                prepared = self.commit_without_refused(prepared, str(error))
        except Exception:
            self.give_up(prepared)
            raise
        self.committed(prepared)

    def prepare(self, work: Sequence[Work], latest: Latest, advance: Advance | None) -> Prepared:
        """Make a batch ready. The one before need not be in the database yet: this one is measured against it."""
        if advance is not None:
            self._count_gaps(work, advance.stream)
        return self._prepare(work, latest, [] if advance is None else [advance])

    def _prepare(self, work: Sequence[Work], latest: Latest, advances: Sequence[Advance]) -> Prepared:
        batch = self._batch_of(work)
        batch.gaps, self._gaps = self._gaps, Counter()
        # Where the transaction fails, the frontier is too far ahead: the same rows are merged then, which is slower.
        batch.move_frontier()
        return Prepared(work, batch, latest, advances)

    def commit(self, prepared: Prepared) -> None:
        """Store it. Raises StoreUnavailable, Superseded, and BatchRefused: `commit_without_refused` is next then."""
        self._writer.store(prepared.batch, prepared.latest, prepared.advances)

    def commit_without_refused(self, prepared: Prepared, why: str) -> Prepared:
        """Set aside what the database refuses, and store the rest. Not while another thread prepares a batch."""
        self._gaps.update(prepared.batch.gaps)
        self._set_aside(prepared.work, why)
        again = self._prepare(prepared.work, prepared.latest, prepared.advances)
        self.commit(again)
        return again

    def committed(self, prepared: Prepared) -> None:
        """Tell of what is in the database now."""
        self.states.update(prepared.batch.states)
        if prepared.batch.counts:
            self._counted_spaces(prepared.batch.counts)
        for w in prepared.work:
            self._report(w)

    def give_up(self, prepared: Prepared) -> None:
        """It is not in the database, and will be tried again."""
        self._gaps.update(prepared.batch.gaps)

    def _count_gaps(self, work: Sequence[Work], stream: str) -> None:
        """Each record once, though it may be tried again: what was found waits until it is stored."""
        for w in work:
            if w.record.sequence > self._counted.get(stream, 0):
                self._counted[stream] = w.record.sequence
                if w.numbered:
                    self._gaps[w.record.source] += self._sequences.gaps(w.record.source, w.messages)

    def _batch_of(self, work: Sequence[Work]) -> Batch:
        batch = Batch(self.frontier)
        for w in work:
            self._add(batch, w, len(w.refused))
            source = w.record.source
            batch.quarantined.extend(Quarantined(w.record.received_at, source, *refused) for refused in w.refused)
            batch.take_back(w.taken)
        batch.rules = self._rules()
        batch.sort()
        return batch

    def _add(self, batch: Batch, w: Work, quarantined: int) -> None:
        records = w.columns(self._registry)
        values = [self._by_id(m) for m in w.messages] if w.valued else []
        batch.add(w.record.source, records, values, quarantined, w.messages if w.eventful else ())

    def _by_id(self, message: Message) -> dict[int, float] | None:
        metrics = self._registry.metrics
        if message.values is None:
            return None
        return {metrics[name]: value for name, value in message.values.items() if name in metrics}

    def _set_aside(self, work: Sequence[Work], why: str) -> None:
        """Find the messages that the database will not take, by halves, and refuse them, so that the rest goes on."""
        for w in work:
            bad = self._refused_by_database(w, w.messages)
            w.refused.extend(refusal("refused by the database", why, m) for m in bad)
            w.messages = [m for m in w.messages if not any(m is b for b in bad)]
            w.records = None

    def _refused_by_database(self, work: Work, messages: list[Message]) -> list[Message]:
        if not messages:
            return []
        part = Work(work.record, messages, valued=work.valued, eventful=work.eventful)
        try:
            self._writer.store(self._batch_of([part]), rehearse=True)
        except BatchRefused:
            if len(messages) == 1:
                return messages
            middle = len(messages) // 2
            return [
                *self._refused_by_database(work, messages[:middle]),
                *self._refused_by_database(work, messages[middle:]),
            ]
        return []

    def _report(self, w: Work) -> None:
        reasons = Counter(refused.reason for refused in w.refused)
        self.refused.update(reasons)
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
