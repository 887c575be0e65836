"""Receiving datagrams with few system calls, and knowing how many the system had to drop."""

import socket
import time
from functools import partial
from pathlib import Path
from typing import Final

from core.log import get_logger
from ingest.sources.batch import BATCH_S, gather
from ingest.sources.intake import Intake
from ingest.sources.sockets import enlarge_buffer

_LARGEST: Final = 65_535
_BUFFER: Final = 16 * 1024 * 1024
_NAP_S: Final = 0.002
"""Within a micro-batch it sleeps this long instead of asking the system about each datagram. What comes meanwhile stays
in the receive buffer: at 100,000 messages a second 200 of them, which even a buffer of Linux's default size holds."""
_DRAIN_S: Final = 2.0


class KernelDrops:
    """Counts datagrams that the system dropped because the receive buffer was full. Linux alone tells."""

    def __init__(self, udp: socket.socket) -> None:
        self._inode = str(udp_inode(udp))
        self._table = Path("/proc/net/udp6" if udp.family == socket.AF_INET6 else "/proc/net/udp")
        self._seen = 0

    def count(self, intake: Intake) -> None:
        """Add what was dropped since the last call to the account."""
        dropped = self._total()
        intake.missed(dropped - self._seen, "the system's receive buffer was full; raise net.core.rmem_max")
        self._seen = dropped

    def _total(self) -> int:
        try:
            lines = self._table.read_text(encoding="ascii").splitlines()
        except OSError:
            return self._seen
        for line in lines:
            columns = line.split()
            if len(columns) > 12 and columns[9] == self._inode:
                return int(columns[12])
        return self._seen


def udp_inode(udp: socket.socket) -> int:
    """The number by which the system's table of sockets calls this one."""
    return Path(f"/proc/self/fd/{udp.fileno()}").stat().st_ino if Path("/proc/self/fd").exists() else 0


def prepare(udp: socket.socket, name: str) -> KernelDrops:
    """Give the socket a large receive buffer."""
    granted = enlarge_buffer(udp, _BUFFER)
    if granted < _BUFFER:
        get_logger("sources").info(
            "the receive buffer is smaller than wished for; raise net.core.rmem_max where bursts are lost",
            source=name,
            kilobytes=granted >> 10,
        )
    return KernelDrops(udp)


def receive_batch(udp: socket.socket, within_s: float = BATCH_S) -> list[bytes]:
    """A micro-batch of datagrams, one payload each."""
    # Any error ends or interrupts a batch and never loses what is in it; one that lasts shows at the next call.
    return gather(partial(udp.recv, _LARGEST), _nap, nothing=OSError, within_s=within_s)


def drain(udp: socket.socket, intake: Intake) -> None:
    """Take what the system still holds: it would be lost with the socket."""
    until = time.monotonic() + _DRAIN_S
    while time.monotonic() < until and (batch := receive_batch(udp, within_s=0)):
        intake.take(batch)


def _nap(seconds: float) -> bool:
    time.sleep(min(seconds, _NAP_S))
    return True
