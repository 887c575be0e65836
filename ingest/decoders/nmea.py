"""AIS sentences of NMEA 0183: checked, with the moment that came with them, parts put together.

A sentence is at most 82 characters (IEC 61162-1), so longer messages come in parts. A receiver may tell when it heard
a sentence: in a TAG block before it (IEC 61162-450), in a `$PGHP` sentence before it (Gatehouse), or in a last field
behind it (as coast guards log them).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from functools import reduce
from operator import xor
from typing import Final

from pyais.exceptions import AISBaseException
from pyais.messages import AISSentence, GatehouseSentence, NMEASentenceFactory

from core.errors import UnusableMessage
from core.types import Refused, to_micros
from ingest.decoders.each import refused

_LONGEST_LINE: Final = 1024
_BACKSLASH: Final = b"\\"

_Slot = tuple[int | None, str, str, str, int]


@dataclass(slots=True)
class Whole:
    """A sentence, or all parts of a longer one. `moment` is when it was heard, in seconds or milliseconds."""

    sentence: AISSentence
    raw: bytes
    moment: int | None


@dataclass(slots=True)
class _Pending:
    begun_at: int
    parts: list[AISSentence] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    moment: int | None = None
    stamp: "_Stamp | None" = None


@dataclass(slots=True, frozen=True)
class _Stamp:
    """What a `$PGHP` sentence says of the next: its moment, in milliseconds, and the checksum by which it is known."""

    moment: int
    checksum: int
    line: bytes
    received_at: int


class Sentences:
    """Puts parts together, also over several records: at most `most` messages at once, none longer than `wait_s`.

    What is pending when the process ends is lost: messages of several parts (names and voyages, sent anew every six
    minutes) whose parts came in different records, and no position.
    """

    def __init__(self, *, most: int = 256, wait_s: int = 60) -> None:
        self._most = most
        self._wait_us = wait_s * 1_000_000
        self._pending: dict[_Slot, _Pending] = {}
        self._stamp: _Stamp | None = None

    def take(self, lines: Iterable[bytes], received_at: int, unusable: list[Refused]) -> Iterator[Whole]:
        """The messages that lines hold or complete; lines that cannot be used are added to `unusable`."""
        self._give_up_old(received_at, unusable)
        for line in lines:
            try:
                whole = self._take(line, received_at, unusable)
            except UnusableMessage as error:
                unusable.append(refused(error, line))
            except (AISBaseException, ValueError) as error:
                unusable.append(Refused("not AIS", str(error)[:200], line))
            except Exception as error:  # noqa: BLE001 - one that escaped would be met again at every try, forever
                unusable.append(refused(error, line))
            else:
                if whole is not None:
                    yield whole

    def _take(self, line: bytes, received_at: int, unusable: list[Refused]) -> Whole | None:
        if len(line) > _LONGEST_LINE:
            raise UnusableMessage("not AIS", f"a line of {len(line)} bytes")
        block, text = _parted(line)
        text, star, rest = text.partition(b"*")
        sentence = NMEASentenceFactory.produce(text + star + rest[:2])
        if not sentence.is_valid:
            raise UnusableMessage("checksum wrong", f"{rest[:2].decode(errors='replace')!r}")
        if isinstance(sentence, GatehouseSentence):
            moment = to_micros(sentence.timestamp.replace(tzinfo=UTC)) // 1000
            self._stamp = _Stamp(moment, int(text.rpartition(b",")[2], 16), line, received_at)
            return None
        if not isinstance(sentence, AISSentence):
            raise UnusableMessage("not AIS", sentence.type)
        stamp, self._stamp = self._stamp, None
        if stamp is not None and not 0 <= received_at - stamp.received_at <= self._wait_us:
            stamp = None
        moment_beside = _moment_of_block(block)
        if moment_beside is None:
            moment_beside = _digits(rest.rpartition(b",")[2])
        begun = _Pending(received_at, [sentence], [line], moment_beside, stamp)
        return _joined(begun) if sentence.frag_cnt == 1 else self._add_part(begun, unusable)

    def _add_part(self, begun: _Pending, unusable: list[Refused]) -> Whole | None:
        (sentence,) = begun.parts
        slot = (sentence.seq_id, sentence.channel, sentence.talker_id, sentence.type, sentence.frag_cnt)
        pending = self._pending.get(slot)
        if pending is not None and pending.begun_at > begun.begun_at:
            # An older record is read a second time: what has begun since then waits on, and is read again later.
            pending = None
        if sentence.frag_num == 1:
            if pending is not None:
                self._give_up(slot, unusable)
            while len(self._pending) >= self._most:
                self._give_up(next(iter(self._pending)), unusable)
            self._pending[slot] = begun
            return None
        # Numbers are used again soon: parts out of order could be those of another message.
        if pending is None or sentence.frag_num != len(pending.parts) + 1:
            raise UnusableMessage("part of a message missing", f"part {sentence.frag_num} of {sentence.frag_cnt}")
        pending.parts.append(sentence)
        pending.lines.extend(begun.lines)
        if len(pending.parts) < sentence.frag_cnt:
            return None
        return _joined(self._pending.pop(slot))

    def _give_up_old(self, received_at: int, unusable: list[Refused]) -> None:
        for slot, pending in list(self._pending.items()):
            if received_at - pending.begun_at > self._wait_us:
                self._give_up(slot, unusable)

    def _give_up(self, slot: _Slot, unusable: list[Refused]) -> None:
        pending = self._pending.pop(slot, None)
        if pending is not None:
            came = f"{len(pending.parts)} of {slot[-1]} parts"
            unusable.append(Refused("part of a message missing", came, b"\n".join(pending.lines)))


def _parted(line: bytes) -> tuple[bytes, bytes]:
    """The TAG block before a sentence, if there is one, and the sentence."""
    if line[:1] != _BACKSLASH:
        return b"", line
    block, _, text = line[1:].partition(_BACKSLASH)
    return block, text.strip()


def _moment_of_block(block: bytes) -> int | None:
    """When the receiver heard the sentence, by a TAG block whose checksum is right."""
    fields, _, checksum = block.partition(b"*")
    try:
        if int(checksum, 16) != reduce(xor, fields, 0):
            return None
    except ValueError:
        return None
    return next((_digits(f[2:]) for f in fields.split(b",") if f[:2] == b"c:"), None)


def _digits(text: bytes) -> int | None:
    """Seconds or milliseconds since 1970, or None for anything else."""
    return int(text) if text.isdigit() and 9 <= len(text) <= 13 else None


def _joined(pending: _Pending) -> Whole:
    """The parts as one sentence. A `$PGHP` before the first is its own if it names all checksums, or none (0)."""
    moment, lines = pending.moment, pending.lines
    stamp = pending.stamp
    if stamp is not None and stamp.checksum in {0, reduce(xor, (part.checksum for part in pending.parts))}:
        lines = [stamp.line, *lines]
        moment = stamp.moment if moment is None else moment
    return Whole(AISSentence.assemble_from_iterable(pending.parts), b"\n".join(lines), moment)
