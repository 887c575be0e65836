"""What tests of sources share: a source with a journal of its own, a journal that has no room, and waiting."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.errors import JournalFull
from ingest.journal import Journal
from ingest.sources import make_source, parse_address


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for it to come about; no test asserts how long that takes."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come about within a minute"
        time.sleep(0.01)


class FillableJournal(Journal):
    """A journal that can be told that it has no room."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, segment_bytes=16 << 20, max_bytes=256 << 20)
        self.full = threading.Event()
        self.refused = 0

    def append(self, source: str, payloads: Sequence[bytes], received_at: int | None = None) -> int:
        if self.full.is_set():
            self.refused += 1
            raise JournalFull("the journal is full")
        return super().append(source, payloads, received_at)


class Receiver:
    """A source for `url` and its journal."""

    def __init__(self, directory: Path, url: str) -> None:
        self.journal = FillableJournal(directory)
        self.source = make_source(parse_address(url))
        self.status = self.source.status

    def start(self) -> None:
        self.source.start(self.journal)

    def payloads(self) -> list[bytes]:
        return [payload for record in self.journal.read(0, 10**9) for payload in record.payloads]

    def await_payloads(self, expected: list[bytes]) -> None:
        wait_until(lambda: len(self.payloads()) >= len(expected))
        assert self.payloads() == expected

    def close(self) -> None:
        self.source.stop()
        self.journal.close()


@contextmanager
def receiving(directory: Path, url: str) -> Iterator[Receiver]:
    """A started source, stopped at the end."""
    receiver = Receiver(directory / "journal", url)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.close()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nothing uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
