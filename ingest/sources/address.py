"""Source URLs: transport://where?options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from core.errors import StartupError

TRANSPORTS: Final = ("zmq",)
OPTIONS: Final = frozenset({"source", "decode", "speed", "altitude", "topic"})


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """A parsed source URL. `name` is how the ledger and the logs call the source."""

    transport: str
    host: str
    port: int
    options: Mapping[str, str]
    name: str


def parse_address(url: str) -> SourceAddress:
    """Parse one URL of WAYPOST_SOURCES. Raises StartupError that says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in TRANSPORTS:
        raise StartupError(
            f"WAYPOST_SOURCES has {url}, whose transport is not known; use {', '.join(f'{t}://' for t in TRANSPORTS)}."
        )
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise StartupError(f"WAYPOST_SOURCES has {url}, which lacks host or port; write {parts.scheme}://host:port.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - OPTIONS):
        raise StartupError(
            f"WAYPOST_SOURCES has {url}, whose option {unknown[0]!r} is not known; use {', '.join(sorted(OPTIONS))}."
        )
    name = options.get("source") or f"{parts.scheme}://{parts.netloc}"
    return SourceAddress(parts.scheme, parts.hostname, port, options, name)
