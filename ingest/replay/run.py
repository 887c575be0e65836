"""A replay at work, beside an ingest that may be running.

First the rows of the quarantine that were received in the window: those that can be used now leave it, and the account
moves. Then all records, in batches of a transaction each, without accounting: what was counted once stays counted.
What is cut off in between can simply be done again, as rows merge: a later value that is not null wins.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

import numpy as np

from core.errors import StoreUnavailable, Superseded
from db import quarantine
from db.frontier import Frontier
from db.live import LiveWriter
from db.live_forward import LiveForward
from db.live_table import LiveTable
from db.quarantine import Quarantined
from db.registry import Registry
from db.seed import read_checkpoint, read_seed
from db.write import Latest, Writer
from ingest.ahead import Ahead
from ingest.journal import Journal, Record
from ingest.mapping import Mapping
from ingest.registering import Registrar
from ingest.replay.storing import AgainStorer
from ingest.storing import Storer
from ingest.work import Reader, Work

_ROWS: Final = 2_000
_TRIES: Final = 5
_PAUSE_S: Final = 1.0

T = TypeVar("T")


class Window(NamedTuple):
    """What was received from `begin` to before `end` (microseconds since 1970), from one source or all."""

    begin: int
    end: int
    source: str | None = None


@dataclass
class Outcome:
    """Messages decoded; those of them that were new or `changed` a row; those that cannot be used as sources are read
    now; rows that left the quarantine. `live_problem` says why the live map was not told."""

    records: int = 0
    messages: int = 0
    changed: int = 0
    refused: int = 0
    taken: int = 0
    live_problem: str | None = None


class Once:
    """Records as they come, for a reader that asks for what is behind the last ones."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records

    def read(self, after: int, max_payloads: int) -> list[Record]:  # noqa: ARG002 - there is but one order
        """The next records, until they hold `max_payloads` or more."""
        taken: list[Record] = []
        payloads = 0
        for record in self._records:
            taken.append(record)
            payloads += len(record.payloads)
            if payloads >= max_payloads:
                break
        return taken


class Replay:
    """Used by one thread. `live` and `announce` may be None where nobody shows live states now.

    All methods raise StoreUnavailable once the database has been away for a few tries.
    """

    def __init__(
        self,
        *,
        mapping: Mapping,
        writer: Writer,
        registry: Registry,
        live: LiveForward | None,
        announce: LiveWriter | None,
        batch_messages: int,
        keep_days: int = 0,
        pause_s: float = _PAUSE_S,
    ) -> None:
        self.outcome = Outcome()
        self._mapping = mapping
        self._writer = writer
        self._registry = registry
        self._live = live
        self._announce = announce
        self._batch_messages = batch_messages
        self._keep_days = keep_days
        self._pause_s = pause_s
        self._storer = Storer(writer, registry)
        self._again = AgainStorer(writer, registry)
        self._described: list[int] = []
        self._registrar = Registrar(registry, writer.asked, self._described.extend)
        self._new_devices: set[str] = set()
        self._table = LiveTable()
        self._known: dict[int, int] = {}
        self._moved: set[int] = set()
        self._valued: set[int] = set()

    def start(self) -> int:
        """Read where everything stands; returns the last record of the journal that is stored."""
        # The checkpoint first: what is read after it holds at least all up to there.
        until = self._patiently(
            lambda: self._writer.asked(lambda connection: read_checkpoint(connection, Journal.name))
        )
        self._patiently(lambda: self._writer.asked(self._registry.load))
        self._read_seed()
        return until

    def take_from_quarantine(self, window: Window) -> None:
        """Decode the rows of the quarantine again, and take those that can be used now."""
        reader, after = self._reader(iter(())), 0
        while rows := self._patiently(lambda after=after: self._rows(window, after)):  # type: ignore[misc]  # bound now
            self._patiently(lambda rows=rows: self._take(reader, rows))  # type: ignore[misc]  # bound now
            after = rows[-1].id or 0

    def store_again(self, records: Iterator[Record], told: Callable[[Outcome], object]) -> None:
        """Decode `records` and store them, a transaction a batch. `told` hears after each how far it has come."""
        reader = self._reader(records)
        ahead = Ahead(reader.read)
        try:
            while work := ahead.take(0):
                ahead.begin(0)
                self._patiently(lambda work=work: self._store(work))  # type: ignore[misc]  # bound now
                self.outcome.records += len(work)
                told(self.outcome)
        finally:
            ahead.close()

    def _rows(self, window: Window, after: int) -> list[Quarantined]:
        return self._writer.asked(lambda connection: quarantine.within(connection, *window, after=after, limit=_ROWS))

    def _take(self, reader: Reader, rows: Sequence[Quarantined]) -> None:
        work = [w for row in rows for w in reader.again([row])]
        self._register(work)
        usable = [w for w in work if w.messages]
        if not usable:
            return
        latest = self._advance(usable)
        try:
            self._storer.store(usable, latest, None)
        except Superseded:
            # Someone else decoded or trimmed one of them meanwhile: one after the other, those that are left.
            for w in usable:
                self._take_one(w, latest)
        else:
            self.outcome.taken += sum(len(w.taken) for w in usable)
        self._show(latest)

    def _take_one(self, work: Work, latest: Latest) -> None:
        try:
            self._storer.store([work], latest, None)
        except Superseded:
            return
        self.outcome.taken += len(work.taken)

    def _store(self, work: Sequence[Work]) -> None:
        self._register(work)
        latest = self._advance(work)
        self._again.store(work, latest, None)
        batch = self._again.last
        self.outcome.messages += len(batch)
        self.outcome.changed += batch.changed
        self.outcome.refused += sum(len(w.refused) for w in work)
        self._show(latest)

    def _register(self, work: Sequence[Work]) -> None:
        """Give ids to what is new; of devices that are known, an old text must not replace a newer one."""
        devices = self._registry.devices
        self._new_devices.update(name for w in work for name in w.new_devices)
        for w in work:
            for m in w.described:
                if m.texts and m.device in devices and m.device not in self._new_devices:
                    m.texts = self._registry.unknown_texts(devices[m.device], m.texts)
        self._registrar.register(work)

    def _advance(self, work: Sequence[Work]) -> Latest:
        """The live states that these messages move forward, or fill in."""
        records = np.concatenate([w.columns(self._registry) for w in work])
        messages = [m for w in work for m in w.messages]
        never = -(2**62)
        known = np.fromiter((self._known.get(d, never) for d in records["id"].tolist()), np.int64, len(records))
        may_move = records["ts"] >= known
        if any(w.valued for w in work):
            may_move |= np.fromiter((bool(m.values) for m in messages), bool, len(messages))
        chosen = np.flatnonzero(may_move)
        changed, valued = self._table.advance(records[chosen], [messages[place] for place in chosen.tolist()])
        # Until they are stored: what is tried again moves nothing a second time.
        self._moved |= changed
        self._valued |= valued
        values = {device: self._table.values(device) for device in sorted(self._valued)}
        return Latest(self._table.records(sorted(self._moved)), values, beside_another=True)

    def _show(self, latest: Latest) -> None:
        """Tell the live map of what is stored now."""
        self._moved.clear()
        self._valued.clear()
        try:
            if self._live is not None and len(latest.records):
                self._live.publish(latest.records, self._table.plain_values(latest.values))
            if self._announce is not None and self._described:
                self._announce.announce_devices(self._described)
        except StoreUnavailable as error:
            self.outcome.live_problem = str(error)
        self._described.clear()

    def _read_seed(self) -> None:
        seed = self._patiently(lambda: self._writer.asked(read_seed))
        self._table, self._known = seed.live, dict(seed.frontier.seed)
        self._storer.frontier = self._again.frontier = Frontier(dict(self._known))

    def _reader(self, records: Iterator[Record]) -> Reader:
        return Reader(
            Once(records),
            self._mapping.decoders,
            self._mapping.default,
            self._registry,
            batch_messages=self._batch_messages,
            keep_days=self._keep_days,
        )

    def _patiently(self, call: Callable[[], T]) -> T:
        """Try a few times: beside another writer, the database may undo a transaction that met one of its own."""
        for left in reversed(range(_TRIES)):
            try:
                return call()
            except StoreUnavailable:
                if not left:
                    raise
                time.sleep(self._pause_s)
        raise AssertionError("not reached")
