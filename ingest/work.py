"""What is read from a stream, decoded and laid out by column, before the one thread that stores takes it up."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Protocol

import msgspec

from core.types import Message, from_micros
from db.quarantine import Quarantined
from db.records import Records, records_of
from db.registry import Registry
from ingest.decoders import Decoder, Refused
from ingest.journal import Record

_MICROS_A_DAY: Final = 86_400_000_000


class Readable(Protocol):
    """Records in an order that survives a crash."""

    def read(self, after: int, max_payloads: int) -> list[Record]:
        """The records behind sequence number `after`, whole ones until they hold `max_payloads` or more."""


class Stream(Readable, Protocol):
    """The journal, or a partition of a Kafka topic."""

    @property
    def name(self) -> str:
        """What its checkpoint is kept under."""

    def stored(self, sequence: int) -> None:
        """Say that all records up to `sequence` are stored."""


@dataclass
class Work:
    """A record and what it held. `refused` grows as later steps refuse messages.

    `records` are the messages by column; None until all their devices have ids. `new_devices` and `new_metrics` were
    not registered when this was read, `described` are the messages with texts, `valued` says whether any has values,
    `eventful` whether any has an event or a crossing, `numbered` whether any has a sequence number. `taken` are rows
    of the quarantine that this replaces.
    """

    record: Record
    messages: list[Message]
    refused: list[Refused] = field(default_factory=list)
    records: Records | None = None
    new_devices: list[str] = field(default_factory=list)
    new_metrics: list[str] = field(default_factory=list)
    described: list[Message] = field(default_factory=list)
    valued: bool = False
    eventful: bool = False
    numbered: bool = False
    taken: list[Quarantined] = field(default_factory=list)

    def look(self, registry: Registry) -> None:
        """Find what is new in the messages, and lay them out by column where no device is."""
        devices, metrics = registry.devices, registry.metrics
        ids = [devices.get(m.device) for m in self.messages]
        known = [device for device in ids if device is not None]
        if len(known) == len(ids):
            self.new_devices, self.records = [], records_of(self.messages, known)
        else:
            self.new_devices, self.records = [m.device for m in self.messages if m.device not in devices], None
        self.described = [m for m in self.messages if m.texts]
        with_values = [m.values for m in self.messages if m.values]
        self.valued = bool(with_values)
        self.eventful = any(m.event is not None or m.crossing is not None for m in self.messages)
        self.numbered = any(m.seq is not None for m in self.messages)
        self.new_metrics = [name for name in dict.fromkeys(n for v in with_values for n in v) if name not in metrics]

    def columns(self, registry: Registry) -> Records:
        """The messages by column; those of devices without an id are left out."""
        if self.records is None:
            devices = registry.devices
            self.messages = [m for m in self.messages if m.device in devices]
            self.records = records_of(self.messages, [devices[m.device] for m in self.messages])
        return self.records


class Reader:
    """Reads on in a stream and decodes. `decoders` are by source; one that is gone has its records read as JSON.

    What is older than `keep_days` is refused (0: nothing is).
    """

    def __init__(
        self,
        stream: Readable,
        decoders: Mapping[str, Decoder],
        default_decoder: Decoder,
        registry: Registry,
        *,
        batch_messages: int,
        keep_days: int,
    ) -> None:
        self._stream = stream
        self._decoders = decoders
        self._default_decoder = default_decoder
        self._registry = registry
        self._batch_messages = batch_messages
        self._keep_us = keep_days * _MICROS_A_DAY

    def read(self, after: int) -> list[Work]:
        """The records behind `after`, up to a batch."""
        return [self._decode(record) for record in self._stream.read(after, self._batch_messages)]

    def again(self, rows: Sequence[Quarantined]) -> list[Work]:
        """Rows of the quarantine, decoded again by what decodes their source now."""
        work = []
        for (source, received_at, native), group in groupby(rows, key=lambda r: (r.source, r.received_at, r.native)):
            taken = list(group)
            record = Record(0, received_at, source, [row.payload for row in taken])
            done = self._decode(record, self._default_decoder if native else None)
            done.taken = taken
            work.append(done)
        return work

    def is_full(self, work: Sequence[Work]) -> bool:
        """Whether this was a whole batch, so that there is likely more behind it."""
        return sum(len(w.record.payloads) for w in work) >= self._batch_messages

    def is_large(self, work: Sequence[Work]) -> bool:
        """Whether storing this takes long enough to read another stream meanwhile."""
        return sum(len(w.record.payloads) for w in work) >= self._batch_messages / 16

    def _decode(self, record: Record, decoder: Decoder | None = None) -> Work:
        decoder = decoder or self._decoders.get(record.source, self._default_decoder)
        messages, refused = decoder.decode(record.payloads, record.received_at)
        work = Work(record, messages, refused)
        if self._keep_us:
            self._refuse_too_old(work)
        work.look(self._registry)
        return work

    def _refuse_too_old(self, work: Work) -> None:
        """What would be dropped at the next turn is not stored, so that its rollups are not made from half of it."""
        oldest = time.time_ns() // 1000 - self._keep_us
        for m in work.messages:
            if m.ts < oldest:
                detail = f"{from_micros(m.ts):%Y-%m-%d}, kept are {self._keep_us // _MICROS_A_DAY} days"
                work.refused.append(refusal("older than rows are kept", detail, m))
        work.messages[:] = [m for m in work.messages if m.ts >= oldest]


def refusal(reason: str, detail: str, message: Message) -> Refused:
    """A message refused after it was decoded: its bytes are native JSON in SI units, to be decoded again."""
    return Refused(reason, detail, native(message), native=True, device=message.device)


def native(message: Message) -> bytes:
    """The message as native JSON in SI units."""
    item: dict[str, object] = {"device_id": message.device, "ts": from_micros(message.ts)}
    item |= {name: getattr(message, name) for name in ("lat", "lon", "altitude", "speed", "heading", "seq")}
    item |= {**(message.values or {}), **(message.texts or {}), "event": message.event}
    if message.data is not None:
        item["data"] = msgspec.Raw(message.data)
    if message.crossing is not None:
        item["in"], item["out"] = message.crossing
    known = {name: value for name, value in item.items() if value is not None}
    return msgspec.json.encode(known)
