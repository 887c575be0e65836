"""Source URLs: transport://where?options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from core.errors import StartupError

TRANSPORTS: Final = ("zmq",)
OPTIONS: Final = frozenset({"source", "decode", "speed", "altitude", "topic"})
MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """A parsed source URL. `name` is how the ledger and the logs call the source."""

    transport: str
    host: str
    port: int
    options: Mapping[str, str]
    name: str

    @property
    def where(self) -> str:
        """Host and port as a URL has them: an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(url: str) -> SourceAddress:
    """Parse one URL of WAYPOST_SOURCES. Raises StartupError that says what is wrong with it."""
    scheme = url.partition("://")[0].lower()
    if scheme not in TRANSPORTS:
        known = ", ".join(f"{transport}://" for transport in TRANSPORTS)
        raise StartupError(f"WAYPOST_SOURCES has {url}, whose transport is not known; use {known}.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise StartupError(f"WAYPOST_SOURCES has {url}, which lacks host or port; write {scheme}://host:port.")
    if "@" in parts.netloc or parts.path not in {"", "/"} or parts.fragment:
        raise StartupError(
            f"WAYPOST_SOURCES has {scheme}://{host}:{port} with more than host, port and ?options;"
            f" {scheme}:// takes no user, path or fragment."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - OPTIONS):
        raise StartupError(
            f"WAYPOST_SOURCES has {url}, whose option {unknown[0]!r} is not known; use {', '.join(sorted(OPTIONS))}."
        )
    name = options.get("source", "")
    if len(name) > MAX_NAME or not name.isprintable():
        raise StartupError(
            f"WAYPOST_SOURCES has {url}, whose source is no name: at most {MAX_NAME} printable characters."
        )
    address = SourceAddress(scheme, host, port, options, name)
    return address if name else SourceAddress(scheme, host, port, options, f"{scheme}://{address.where}")
