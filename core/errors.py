"""Errors that people read: each says what is wrong, where, and what to do about it."""


class WaypostError(Exception):
    """Base of the errors Waypost raises on purpose."""


class StartupError(WaypostError):
    """Waypost cannot start; the message is one line that says what to do. Ends the process with code 2."""


class StoreUnavailable(WaypostError):
    """The database or Redis does not answer; the caller may try again later."""


class BatchRefused(WaypostError):
    """The database answers but will not take some row of a batch as it is: trying again changes nothing."""


class Superseded(WaypostError):
    """Another process has moved the same checkpoint: nothing was stored; read the checkpoint anew."""


class JournalFull(WaypostError):
    """The journal has reached its size on disk: senders that can wait must wait, others lose messages."""


class UnusableMessage(WaypostError):
    """A message cannot be used.

    `reason` is a short, stable phrase that counts are grouped by; `detail` says what was found. `device` is the name
    of the device that sent it, where that could be read.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.device: str | None = None


class BadPeriod(WaypostError):
    """A period cannot be read, or ends before it begins; the message says what to write."""


class Overlapping(WaypostError):
    """A device would be at the same space twice at once; the message names both placements."""


class UnknownDevice(WaypostError):
    """No device is called so."""
