"""What UDP and TCP share: addresses, listening, and options of sockets that not every system has."""

import contextlib
import errno
import selectors
import socket
import sys
from types import TracebackType
from typing import Any, Final, Self

from ingest.sources.address import SourceAddress
from ingest.sources.base import Failed

_RCVBUFFORCE: Final = 33
"""Linux: like SO_RCVBUF, but beyond net.core.rmem_max, for those who may."""
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
_SYSTEM_CANNOT: Final = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


def resolve(address: SourceAddress, kind: socket.SocketKind) -> list[Address]:
    """All addresses of the host, in the system's order of preference. Raises Failed."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=kind)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no host name"
        raise Failed(f"the name {address.host} does not resolve: {said}") from None
    return [(family, where) for family, _, _, _, where in found]


def listen(address: SourceAddress, kind: socket.SocketKind) -> socket.socket:
    """A non-blocking socket bound to the address; on [::] it takes IPv4 as well. Raises Failed."""
    family, where = resolve(address, kind)[0]
    bound = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            # Connections of a run before may linger; without this they would hold the port for minutes.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise Failed("the port is in use by another program") from None
        if error.errno in _SYSTEM_CANNOT:
            raise Failed("this machine does not have that address to listen on") from None
        raise Failed(error.strerror or str(error)) from None
    return bound


def enlarge_buffer(udp: socket.socket, size: int) -> int:
    """Ask for a receive buffer of `size` bytes; gives the bytes granted."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            udp.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, size)
    granted = udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    if granted < size:
        with contextlib.suppress(OSError):
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    # Linux doubles what was asked for, to have room for its own accounting, and says the double.
    return udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // (2 if sys.platform == "linux" else 1)


def keep_alive(tcp: socket.socket) -> None:
    """Have the system notice within half a minute that the other side is gone without a word."""
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                tcp.setsockopt(socket.IPPROTO_TCP, option, value)


class Readable:
    """Waits for one socket to have something to read; unlike select() it takes file numbers beyond 1024."""

    def __init__(self, watched: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(watched, selectors.EVENT_READ)

    def __call__(self, seconds: float) -> bool:
        """Whether there is something to read within `seconds`."""
        return bool(self._selector.select(seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._selector.close()
