"""From bytes of a transport to messages in SI units; each decoder refuses what it cannot use, with the reason."""

from ingest.decoders.base import Decoded, Decoder, Refused
from ingest.decoders.choose import decoder_for

__all__ = ["Decoded", "Decoder", "Refused", "decoder_for"]
