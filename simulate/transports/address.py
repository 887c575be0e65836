"""URLs that messages are sent to: scheme://[user:password@]host[:port][/path][?options]."""

from typing import Final, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from core.errors import StartupError

FORMS: Final = {
    "zmq": "zmq://HOST:PORT",
    "zmq+connect": "zmq+connect://HOST:PORT",
    "udp": "udp://HOST:PORT",
    "tcp": "tcp://HOST:PORT",
    "http": "http://HOST:PORT/api/v1/ingest",
    "https": "https://HOST/api/v1/ingest",
    "kafka": "kafka://BROKER/TOPIC",
    "mqtt": "mqtt://BROKER/TOPIC/{device}",
    "mqtts": "mqtts://BROKER/TOPIC/{device}",
}
"""How the URL of each transport is written."""
_PORTS: Final = {"http": 80, "https": 443, "kafka": 9092, "mqtt": 1883, "mqtts": 8883}
_OPTIONS: Final = {
    "http": {"source"},
    "https": {"source"},
    "kafka": {"tls", "ca", "sasl"},
    "mqtt": {"client"},
    "mqtts": {"client", "ca"},
}
_WITH_USER: Final = frozenset({"kafka", "mqtt", "mqtts"})


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed URL. `hosts` are all of them as host:port, IPv6 in brackets: more than one only for Kafka."""

    scheme: str
    host: str
    port: int
    hosts: tuple[str, ...]
    path: str
    options: dict[str, str]
    user: str
    password: str

    @property
    def where(self) -> str:
        """The first host:port."""
        return self.hosts[0]

    def refuse(self, why: str) -> NoReturn:
        """Raise the StartupError that says why nothing can be sent there: `why` ends the sentence."""
        raise StartupError(f"{self.scheme}://{','.join(self.hosts)} {why}")


def parse_address(url: str) -> Address:
    """Parse where to send to. Raises StartupError, in one line and without the password, for what is no such URL."""
    scheme, _, rest = url.partition("://")
    shown = shown_url(url)
    form = FORMS.get(scheme)
    if form is None:
        raise StartupError(f"{shown} is no address that can be sent to. Use one of: {', '.join(FORMS.values())}.")
    netloc, slash, tail = rest.partition("/")
    credentials, at, names = netloc.rpartition("@")
    places = [_place(name, scheme, shown, form) for name in (names.split(",") if scheme == "kafka" else [names])]
    parts = urlsplit(f"x://h{slash}{tail}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if at and scheme not in _WITH_USER:
        raise StartupError(f"{shown} takes no user and password. Write it as {form}.")
    if unknown := sorted(set(options) - _OPTIONS.get(scheme, set())):
        raise StartupError(f"{shown} has the option {unknown[0]!r}, which {scheme}:// does not take.")
    path = unquote(parts.path.removeprefix("/"))
    if scheme in _PORTS and not path:
        raise StartupError(f"{shown} does not say what to send to there. Write it as {form}.")
    if scheme not in _PORTS and path:
        raise StartupError(f"{shown} has a path, which {scheme}:// does not take. Write it as {form}.")
    user, _, password = credentials.partition(":")
    return Address(
        scheme=scheme,
        host=places[0][0],
        port=places[0][1],
        hosts=tuple(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in places),
        path=path,
        options=options,
        user=unquote(user),
        password=unquote(password),
    )


def shown_url(url: str) -> str:
    """`url` without user and password, fit to be shown."""
    scheme, separator, rest = url.partition("://")
    netloc, slash, tail = rest.partition("/")
    return f"{scheme}{separator}{netloc.rpartition('@')[2]}{slash}{tail}"


def _place(name: str, scheme: str, shown: str, form: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"x://{name}")
        host, port = parts.hostname, parts.port or _PORTS.get(scheme)
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise StartupError(f"{shown} lacks a host or a port. Write it as {form.replace('PORT', '5556')}.")
    return host, port
