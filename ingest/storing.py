"""A batch of work into the database in one transaction; what it will not take is found and set aside."""

from collections import Counter
from collections.abc import Callable, Sequence

from core.errors import BatchRefused
from core.log import RateLimitedLog, get_logger
from core.occupancy import LiveCount
from core.timelines import DEFAULT_RULES, MachineStates, Rules
from core.types import Message
from db.batch import Batch, Frontier
from db.quarantine import Quarantined
from db.registry import Registry
from db.write import Advance, Latest, Writer
from ingest.sequences import Sequences
from ingest.work import Work, refusal


class Storer:
    """Used by the thread that stores. `refused` counts messages by why they could not be used.

    `counted` is told what spaces hold after crossings were stored. `rules` gives those that events are judged by;
    `states` gathers the devices whose states were moved, until they are taken from there.
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
        advances = [] if advance is None else [advance]
        if advance is not None:
            self._count_gaps(work, advance.stream)
        try:
            self._store(work, latest, advances)
        except BatchRefused as error:
            self._set_aside(work, str(error))
            self._store(work, latest, advances)
        self._gaps.clear()
        for w in work:
            self._report(w)

    def _store(self, work: Sequence[Work], latest: Latest, advances: Sequence[Advance]) -> None:
        batch = self._batch_of(work)
        self._writer.store(batch, latest, advances)
        self.states.update(batch.states)
        if batch.counts:
            self._counted_spaces(batch.counts)

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
        batch.gaps = self._gaps
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
