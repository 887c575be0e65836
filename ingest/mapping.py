"""How each source's messages are read, as WAYPOST_SOURCES says now."""

from collections.abc import Sequence

from ingest.collector import RECEIVERS
from ingest.decoders import Decoder, decoder_for
from ingest.sources import parse_address


class Mapping:
    """Decoders by the names of sources; `default` for all others. Some keep half messages: one Mapping a reader.

    Raises StartupError where a URL, a decoder or a unit is not known.
    """

    def __init__(self, urls: Sequence[str], *, max_ahead_s: int) -> None:
        self.default = decoder_for({}, max_ahead_s=max_ahead_s)
        self.decoders: dict[str, Decoder] = {
            name: decoder_for({"decode": name}, max_ahead_s=max_ahead_s) for name in RECEIVERS
        }
        for address in map(parse_address, urls):
            self.decoders[address.name] = decoder_for(address.options, max_ahead_s=max_ahead_s)

    def decoder(self, source: str) -> Decoder:
        """What reads this source."""
        return self.decoders.get(source, self.default)
