"""What a decoder does."""

from typing import NamedTuple, Protocol

from core.types import Message, Refused

__all__ = ["Decoded", "Decoder", "Refused"]


class Decoded(NamedTuple):
    """What a payload held, in its order."""

    messages: list[Message]
    refused: list[Refused]


class Decoder(Protocol):
    """Turns payloads of one source into messages.

    Keeps no state that a crash could lose; where a format leaves no other way, it says what is lost.
    """

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all payloads of a record received at `received_at` (microseconds since 1970). Never raises."""
