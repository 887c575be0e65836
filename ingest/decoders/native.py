"""The native message: one JSON object, an array of them, or lines (docs/protocols.md lists its fields).

Two ways in. A message of nothing but the native fields is decoded and checked by msgspec in one step, which was
measured three times as fast as reading any JSON object with checks of our own. Everything else (other names, other
numbers, sentinels, bad input) takes the careful way, which also finds the reason for what it refuses. Both give the
same message; a test holds them to it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from core.errors import UnusableMessage
from core.types import Message
from core.units import length_factor, speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import refused
from ingest.decoders.fields import MAX_ALTITUDE, MAX_NAME, MAX_SEQ, MAX_SPEED, MIN_ALTITUDE, moment, read_object

_LONGEST_PAUSE: Final = 64
"""Messages. Measured against no pause: 22 % faster where no message is plain, 8 % slower where one in ten is not."""


_PLAIN_FROM: Final = 1e9
_PLAIN_TO: Final = 1e11
"""Seconds since 1970 that need no more thought: from 2001 on, and not to be taken for milliseconds."""


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    device_id: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    ts: Annotated[datetime, Meta(tz=True)] | int | float | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: Annotated[float, Meta(ge=0, lt=360)] | None = None
    seq: Annotated[int, Meta(ge=0, lt=MAX_SEQ)] | None = None


class NativeDecoder:
    """Decodes native messages. `speed` and `altitude` are the sender's units, `max_ahead_s` bounds its clock.

    Without `fast` every message takes the careful way.
    """

    def __init__(self, *, speed: str = "m/s", altitude: str = "m", max_ahead_s: int = 300, fast: bool = True) -> None:
        self._speed = speed_factor(speed)
        self._altitude = length_factor(altitude)
        self._max_ahead = max_ahead_s * 1_000_000
        self._fast = fast
        self._plain = msgspec.json.Decoder(_Plain).decode
        self._any = msgspec.json.Decoder().decode
        self._parts = msgspec.json.Decoder(list[msgspec.Raw]).decode
        self._pause = 0
        self._pause_left = 0

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all payloads of a record received at `received_at` (microseconds since 1970). Never raises."""
        found = Decoded([], [])
        self._each(payloads, received_at, found)
        return found

    def _each(self, payloads: Iterable[bytes], received_at: int, found: Decoded, *, in_array: bool = False) -> None:
        latest = received_at + self._max_ahead
        append, from_plain, plain = found.messages.append, self._from_plain, self._plain
        for payload in payloads:
            # The collector tries messages with the decoder of the pipeline: two threads may both have counted down.
            if self._pause_left > 0 or not self._fast:
                self._pause_left -= 1
            else:
                try:
                    append(from_plain(plain(payload), received_at, latest))
                    self._pause = 0
                    continue
                except Exception:  # noqa: BLE001 - whatever it is, the careful way finds out what
                    # Sources mostly keep to one kind of message: pause longer with each miss in a row.
                    self._pause = self._pause_left = min(2 * self._pause + 1, _LONGEST_PAUSE)
            try:
                self._carefully(payload, received_at, latest, found, in_array=in_array)
            except Exception as error:  # noqa: BLE001 - one that escaped would be met again at every try, forever
                found.refused.append(refused(error, payload))

    def _from_plain(self, m: _Plain, received_at: int, latest: int) -> Message:
        """The message; raises UnusableMessage, without a reason, where the careful way has to look at it."""
        speed, altitude, lat = m.speed, m.altitude, m.lat
        if speed is not None and not 0 <= (speed := speed * self._speed) <= MAX_SPEED:
            raise UnusableMessage("")
        if altitude is not None and not MIN_ALTITUDE <= (altitude := altitude * self._altitude) <= MAX_ALTITUDE:
            raise UnusableMessage("")
        if lat is None:
            if m.lon is not None or (speed is None and altitude is None and m.heading is None):
                raise UnusableMessage("")
        elif m.lon is None:
            raise UnusableMessage("")
        if not m.device_id.isprintable():
            raise UnusableMessage("")
        ts = m.ts
        if type(ts) is not float or not _PLAIN_FROM <= ts < _PLAIN_TO or (micros := round(ts * 1_000_000)) > latest:
            micros = received_at if ts is None else moment(ts, latest)
        return Message(m.device_id, micros, received_at, lat, m.lon, altitude, speed, m.heading, None, None, m.seq)

    def _carefully(self, payload: bytes, received_at: int, latest: int, found: Decoded, *, in_array: bool) -> None:
        try:
            item = self._parts(payload) if payload.lstrip()[:1] == b"[" else self._any(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            lines = [line for line in payload.split(b"\n") if line.strip()]
            if in_array or len(lines) < 2 or not any(map(_is_whole, lines)):
                raise UnusableMessage("not JSON", str(error)[:200]) from None
            self._each(lines, received_at, found)
            return
        if isinstance(item, dict):
            message = read_object(item, received_at, latest, speed=self._speed, altitude=self._altitude)
            found.messages.append(message)
        elif not isinstance(item, list) or in_array:
            raise UnusableMessage("not an object", type(item).__name__)
        elif not item:
            raise UnusableMessage("nothing to store", "an empty array")
        else:
            self._each(map(bytes, item), received_at, found, in_array=True)


def _is_whole(line: bytes) -> bool:
    """Whether a line looks like JSON of its own, and not like a piece of something larger."""
    text = line.strip()
    return text[:1] + text[-1:] in {b"{}", b"[]"}
