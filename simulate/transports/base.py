"""What every way to send messages offers, and what it is opened with."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from core.errors import StartupError

QUEUE_MESSAGES: Final = 100_000
"""How many messages wait at most where a transport keeps a queue of its own."""
CONNECT_S: Final = 5.0
GRACE_S: Final = 2.0
"""How long `close` waits for what is still under way."""


class PeerRefuses(StartupError):
    """The other side will never take what is sent like this; the message is one line that says what to change."""


class Transport(Protocol):
    """Sends messages, each whole. What cannot work, now or later, raises StartupError in one line."""

    def has_receiver(self) -> bool:
        """Whether someone would get what is sent now; True where that cannot be known."""

    def send(self, payload: bytes, device: str = "") -> bool:
        """Take one message of `device`, for as long as it needs. False: no room at present, try again."""

    def flush(self) -> int:
        """Send on what is queued, without waiting; return how many messages are not known to have been delivered.

        Called often: at least before each pause. 0 where the transport has nothing more to do.
        """

    def close(self) -> None:
        """Wait a second or two for what is still under way, count the rest as lost, and let go."""

    def account(self) -> Mapping[str, int]:
        """What became of the messages as far as it is known; always has "lost"."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """How a transport is to be opened.

    lossless: `send` says when there is no room, instead of losing messages, where the transport can choose.
    token: what an HTTP collector asks for; empty: none.
    batch: messages a request, where there are requests.
    notice: takes lines for people; may be called from other threads.
    """

    lossless: bool = False
    token: str = ""
    batch: int = 100
    notice: Callable[[str], None] = lambda _line: None
