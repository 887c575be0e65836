"""Source URLs: transport://where?options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from core.errors import StartupError

COMMON_OPTIONS: Final = frozenset({"source", "decode", "speed", "altitude", "tz"})
"""Options that every transport takes: they are about what is sent, not about how it comes."""
MAX_NAME: Final = 200
_YES: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class AddressForm:
    """What the URLs of a transport may have beside host, port and COMMON_OPTIONS.

    With `path` the path names what to receive and must be there; a "#" belongs to it. With `user` the URL may carry
    user:password@. Without `default_port` the port must be given.
    """

    options: frozenset[str] = frozenset()
    default_port: int | None = None
    path: bool = False
    user: bool = False

    @property
    def allowed(self) -> frozenset[str]:
        """The names of all options."""
        return COMMON_OPTIONS | self.options


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """A parsed source URL. `name` is how the ledger and the logs call the source; it never holds the password."""

    transport: str
    host: str
    port: int
    options: Mapping[str, str]
    name: str
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """Host and port as a URL has them: an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def refuse(self, why: str) -> NoReturn:
        """Raise the StartupError that says why this address cannot be used: `why` ends the sentence "X: ..."."""
        raise StartupError(f"WAYPOST_SOURCES: {self.name} cannot be used: {why}.")

    def number(self, option: str, default: float, *, least: float, most: float) -> float:
        """The option as a number from `least` to `most`. Raises StartupError."""
        text = self.options.get(option, "")
        try:
            value = float(text) if text else default
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            self.refuse(f"{option}={text} is not a number from {least:g} to {most:g}")
        return value

    def flag(self, option: str) -> bool:
        """The option as yes or no; no where it is not given. Raises StartupError."""
        text = self.options.get(option, "0").lower()
        if text not in _YES:
            self.refuse(f"{option}={text} is neither 1 nor 0")
        return _YES[text]


def without_secrets(url: str) -> str:
    """`url` without user, password and options, fit to be shown, however malformed it is."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    return scheme + separator + rest.rpartition("@")[2].partition("?")[0]


def parse(url: str, forms: Mapping[str, AddressForm]) -> SourceAddress:
    """Parse one URL of WAYPOST_SOURCES by the form of its transport. Raises StartupError that says what is wrong."""
    scheme = url.partition("://")[0].lower()
    form = forms.get(scheme)
    if form is None:
        known = ", ".join(f"{transport}://" for transport in forms)
        raise StartupError(f"WAYPOST_SOURCES has {without_secrets(url)}, whose transport is not known; use {known}.")
    pattern = f"{scheme}://host{'' if form.default_port else ':port'}{'/topic' if form.path else ''}"
    try:
        parts = urlsplit(url.replace("#", "%23") if form.path else url)
        host, port = parts.hostname, form.default_port if parts.port is None else parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if not host or not port:
        raise StartupError(f"WAYPOST_SOURCES has {without_secrets(url)}, which lacks host or port; write {pattern}.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    path = unquote(parts.path[1:])
    user, password = _credentials(parts)
    name = options.get("source", "")
    address = SourceAddress(scheme, host, port, options, name, path, user, password)
    shown = f"{scheme}://{address.where}{'/' if path else ''}{path}"
    _check(address, form, shown, parts, pattern)
    return address if name else SourceAddress(scheme, host, port, options, shown, path, user, password)


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if "@" not in parts.netloc:
        return None, None
    return unquote(parts.username or ""), None if parts.password is None else unquote(parts.password)


def _check(address: SourceAddress, form: AddressForm, shown: str, parts: SplitResult, pattern: str) -> None:
    if (address.user is not None and not form.user) or (address.path and not form.path) or parts.fragment:
        where = f"{address.transport}://{address.where}"
        takes = "user, path or fragment" if not form.path else "user" if not form.user else "fragment"
        raise StartupError(
            f"WAYPOST_SOURCES has {where} with more than {'host, port' if not form.path else 'host, port, path'}"
            f" and ?options; {address.transport}:// takes no {takes}."
        )
    if form.path and not address.path:
        raise StartupError(f"WAYPOST_SOURCES has {shown}, which does not say what to receive; write {pattern}.")
    if unknown := sorted(set(address.options) - form.allowed):
        raise StartupError(
            f"WAYPOST_SOURCES has {shown}, whose option {unknown[0]!r} is not known; use"
            f" {', '.join(sorted(form.allowed))}."
        )
    name = address.options.get("source") or shown
    if len(name) > MAX_NAME or not name.isprintable():
        raise StartupError(
            f"WAYPOST_SOURCES has {shown[:MAX_NAME]!r}, whose source is no name: at most {MAX_NAME} printable"
            " characters; give it one with ?source=NAME."
        )
