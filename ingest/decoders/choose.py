"""Which decoder a source asks for."""

from collections.abc import Callable, Mapping
from typing import Final

from core.errors import StartupError
from ingest.decoders.ais import AisDecoder
from ingest.decoders.base import Decoder
from ingest.decoders.native import NativeDecoder
from ingest.decoders.osmand import OsmAndDecoder
from ingest.decoders.owntracks import OwnTracksDecoder
from ingest.decoders.sbs import SbsDecoder
from ingest.decoders.traccar import TraccarDecoder

DECODERS: Final[dict[str, tuple[Callable[..., Decoder], frozenset[str]]]] = {
    "json": (NativeDecoder, frozenset({"speed", "altitude"})),
    "osmand": (OsmAndDecoder, frozenset({"speed", "altitude"})),
    "owntracks": (OwnTracksDecoder, frozenset()),
    "traccar": (TraccarDecoder, frozenset()),
    "ais": (AisDecoder, frozenset()),
    "sbs": (SbsDecoder, frozenset({"tz"})),
}
"""Each with the options that it takes; the units of the others are fixed by their format."""
_OPTIONS: Final = frozenset[str]().union(*(options for _, options in DECODERS.values()))


def decoder_for(options: Mapping[str, str], *, max_ahead_s: int) -> Decoder:
    """The decoder that a source's options name: `decode`, with `speed`, `altitude` or `tz` where it takes them.

    Raises StartupError where the decoder, a unit or a zone is not known.
    """
    name = options.get("decode", "json")
    if name not in DECODERS:
        known = ", ".join(DECODERS)
        raise StartupError(f"WAYPOST_SOURCES asks for decode={name}, which is not known; use {known}.")
    make, takes = DECODERS[name]
    given = {option: options[option] for option in sorted(_OPTIONS & options.keys())}
    if unfit := given.keys() - takes:
        raise StartupError(
            f"WAYPOST_SOURCES asks for decode={name} with {min(unfit)}=, which it does not take; leave it out."
        )
    try:
        return make(**given, max_ahead_s=max_ahead_s)
    except ValueError as error:
        raise StartupError(f"WAYPOST_SOURCES: {error}.") from None
