"""What a viewer asks for: a part of the world, a rate, a metric. Read from what it says (docs/live-protocol.md)."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson

from db.queries.latest import Box

FASTEST_MS: Final = 100
_SLOWEST_MS: Final = 60_000
_MOST_ALSO: Final = 256
_MOST_CHARACTERS: Final = 65_536
_SHORT: Final = 200

Named = int | str
"""A device by Waypost's id or by the name that its sender uses."""


class ViewRefused(ValueError):
    """What a viewer said is no view; the text says why, in words for whoever wrote the viewer."""


@dataclass(frozen=True, slots=True)
class View:
    """What a viewer gets. `also` are devices to get wherever they are; without a box it is empty."""

    box: Box | None = None
    every_ms: int = FASTEST_MS
    metric: str | None = None
    also: tuple[Named, ...] = ()

    def frame(self) -> bytes:
        """The text frame that tells a viewer what it gets from here on."""
        said = {"type": "view", "box": self.box, "every_ms": self.every_ms, "metric": self.metric, "also": self.also}
        return orjson.dumps(said)


EVERYTHING: Final = View()


@dataclass(frozen=True, slots=True)
class Asked:
    """A view, and the moment (µs since 1970) as of which the viewer holds its picture already; None: it does not."""

    view: View = EVERYTHING
    since_us: int | None = None


class _Said(msgspec.Struct):
    type: Literal["view"]
    box: tuple[float, float, float, float] | None = None
    every_ms: Annotated[int, msgspec.Meta(ge=FASTEST_MS, le=_SLOWEST_MS)] = FASTEST_MS
    metric: Annotated[str, msgspec.Meta(max_length=_SHORT)] | None = None
    also: Annotated[list[int | str], msgspec.Meta(max_length=_MOST_ALSO)] = []
    since: Annotated[float, msgspec.Meta(ge=0, le=1e15)] | None = None


_DECODE: Final = msgspec.json.Decoder(_Said).decode


def read_view(text: str) -> Asked:
    """What this message asks for. Raises ViewRefused."""
    if len(text) > _MOST_CHARACTERS:
        raise ViewRefused(f"a message of more than {_MOST_CHARACTERS} characters is no view")
    try:
        said = _DECODE(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ViewRefused(f"not a view: {error}") from None
    view = View(checked_box(said.box), said.every_ms, said.metric, _also(said.box, said.also))
    return Asked(view, None if said.since is None else int(said.since * 1000))


def view_of(box: Box | None, metric: str | None, also: str | None) -> View:
    """The view that the parameters of a request ask for; `also` separates by commas. Raises ViewRefused."""
    named: list[Named] = [int(part) if part.isdecimal() else part for part in (also or "").split(",") if part]
    if len(named) > _MOST_ALSO:
        raise ViewRefused(f"also takes at most {_MOST_ALSO} devices")
    return View(box, FASTEST_MS, metric, _also(box, named))


def checked_box(box: Any) -> Box | None:
    """The box itself. Raises ViewRefused where it is none on this globe."""
    if box is None:
        return None
    west, south, east, north = box
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ViewRefused("not a view: box is west, south, east, north within -180, -90, 180, 90, south before north")
    return west, south, east, north


def _also(box: Box | None, named: list[Named]) -> tuple[Named, ...]:
    return () if box is None else tuple(sorted(set(named), key=str))
