"""Which decoder a source asks for."""

from collections.abc import Mapping

from core.errors import StartupError
from ingest.decoders.base import Decoder
from ingest.decoders.native import NativeDecoder


def decoder_for(options: Mapping[str, str], *, max_ahead_s: int) -> Decoder:
    """The decoder that a source's options name: `decode`, and `speed` and `altitude` for the sender's units.

    Raises StartupError where the decoder or a unit is not known.
    """
    name = options.get("decode", "json")
    if name != "json":
        raise StartupError(f"WAYPOST_SOURCES asks for decode={name}, which is not known; use json.")
    try:
        return NativeDecoder(
            speed=options.get("speed", "m/s"), altitude=options.get("altitude", "m"), max_ahead_s=max_ahead_s
        )
    except ValueError as error:
        raise StartupError(f"WAYPOST_SOURCES: {error}.") from None
