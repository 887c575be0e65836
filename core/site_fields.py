"""What each runtime setting is: its name, what it changes in plain words, its default, its limits, and its check.

A check takes what somebody gave, of whatever type, and gives the value to keep, or raises ValueError with one sentence
that can stand beside the field.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from core.machines import DEFAULT_MACHINES, machines_of, to_json

Kind = Literal["number", "choice", "text", "json"]
Value = Any
"""What JSON can say."""

PAGES: Final[Mapping[str, str]] = {
    "live": "Live map",
    "summary": "Summary",
    "top": "Top N",
    "history": "History",
    "device": "Device",
    "events": "Events",
    "spaces": "Spaces",
    "alerts": "Alerts",
    "pipeline": "Pipeline",
}
"""Pages that keep themselves new, by the name they have in settings, as people call them."""

MODES: Final = ("live", "interval")
SPEEDS: Final = ("km/h", "mph", "kn", "m/s")
LENGTHS: Final = ("m", "ft")
LEAST_S: Final = 0.5
LONGEST_S: Final = 3600.0
MOST_RANKED: Final = 500
ON_FAULT: Final = ("mark", "quarantine")
YEAR_S: Final = 31_536_000.0
LONGEST_KEPT_DAYS: Final = 3650.0
_LONGEST_TEXT: Final = 500
# What may stand in a Content-Security-Policy and in an address; {s}, {z}, {x}, {y}, {r} are Leaflet's.
_TILES_HOST: Final = re.compile(r"(?:\{s\}\.)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_TILES_REST: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&()*+=%{}-]*")
_LINK: Final = re.compile(r'<a href="https?://[^"<>\s]+">[^<>]*</a>')


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. `says` are sentences for people; `least` and `most` are the limits of a number. What is `secret` is
    told to admins alone."""

    name: str
    label: str
    says: str
    kind: Kind
    default: Value
    check: Callable[[object], Value]
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False


def plain(number: float) -> str:
    """A number as people write it: 5, 2.5, 31536000."""
    return str(int(number)) if abs(number) < 1e15 and number == int(number) else f"{number:g}"


def _number(least: float, most: float, unit: str = "", *, whole: bool = False) -> Callable[[object], float | int]:
    limits = f"{plain(least)} to {plain(most)}{f' {unit}' if unit else ''}"

    def check(given: object) -> float | int:
        if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
            raise ValueError(f"Give a number from {limits}.")
        if whole and given != int(given):
            raise ValueError(f"Give a whole number from {limits}.")
        if not least <= given <= most:
            raise ValueError(f"{plain(given)} is outside of {limits}.")
        rounded = round(given, 1)
        return int(rounded) if rounded == int(rounded) else rounded

    return check


def _choice(choices: tuple[str, ...]) -> Callable[[object], str]:
    def check(given: object) -> str:
        if not isinstance(given, str) or given not in choices:
            raise ValueError(f"Choose one of {', '.join(choices)}.")
        return given

    return check


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError("Give a text, or an empty one for none.")
    text = given.strip()
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise ValueError(f"Give at most {_LONGEST_TEXT} characters in one line.")
    return text


def check_tiles(given: object) -> str:
    """An address of map tiles with {z}, {x} and {y}, or an empty text for none. Raises ValueError."""
    url = _text(given)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not _TILES_HOST.fullmatch(parts.netloc):
        raise ValueError("Give an address such as https://tile.example.org/{z}/{x}/{y}.png, or leave it empty.")
    if not all(place in url for place in ("{z}", "{x}", "{y}")):
        raise ValueError("The address must say where zoom and place go: {z}, {x} and {y}.")
    if not _TILES_REST.fullmatch(url[len(parts.scheme) + 3 + len(parts.netloc) :]):
        raise ValueError("The address has a character that no address may have; percent-encode it.")
    return url


def check_attribution(given: object) -> str:
    """A text in which links may stand, and no other markup: the map shows it as HTML. Raises ValueError."""
    text = _text(given)
    if re.search(r"[<>]", _LINK.sub("", text)):
        raise ValueError('Only links may stand in it, each as <a href="https://...">name</a>.')
    return text


def check_webhook(given: object) -> str:
    """An address that can be posted to, or an empty text for none. Raises ValueError."""
    url = _text(given)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or " " in url):
        raise ValueError("Give an address such as https://hooks.example.org/waypost, or leave it empty.")
    return url


def check_machines(given: object) -> Value:
    """The JSON of state machines, in its one form. Raises ValueError."""
    return to_json(machines_of(given))


_DEFAULT_S: Final[Mapping[str, tuple[float, float, str]]] = {"live": (5, 1, "live")}
"""Interval, floor and mode of pages that differ from 5 s, 1 s and interval."""


def _page_fields(page: str, called: str) -> tuple[Field, ...]:
    interval, floor, mode = _DEFAULT_S.get(page, (5, 1, "interval"))
    seconds = _number(LEAST_S, LONGEST_S, "s")
    live = (
        "Live is pushed each change as it comes" if page == "live" else "Live asks again as often as the floor lets it"
    )
    return (
        Field(
            f"{page}.interval_s",
            "Refresh every",
            f"How often {called} asks for newer data in interval mode, for everyone who has not chosen otherwise.",
            "number",
            interval,
            seconds,
            "s",
            LEAST_S,
            LONGEST_S,
        ),
        Field(
            f"{page}.floor_s",
            "Floor",
            f"Nobody can make {called} ask more often than this. The interval cannot be below it.",
            "number",
            floor,
            seconds,
            "s",
            LEAST_S,
            LONGEST_S,
        ),
        Field(
            f"{page}.mode",
            "Mode",
            f"How {called} opens. {live}; interval asks at the interval.",
            "choice",
            mode,
            _choice(MODES),
            choices=MODES,
        ),
    )


_OTHERS: Final = (
    Field(
        "top.n",
        "Rows of Top N",
        "How many devices Top N ranks until its reader chooses another number.",
        "number",
        20,
        _number(1, MOST_RANKED, whole=True),
        "devices",
        1,
        MOST_RANKED,
    ),
    Field(
        "units.speed",
        "Speed",
        "The unit that speeds are shown in, for everyone who has not chosen another. The API stays in m/s.",
        "choice",
        "km/h",
        _choice(SPEEDS),
        choices=SPEEDS,
    ),
    Field(
        "units.length",
        "Length",
        "The unit that altitudes and lengths are shown in, likewise. The API stays in metres.",
        "choice",
        "m",
        _choice(LENGTHS),
        choices=LENGTHS,
    ),
    Field(
        "map.tiles_url",
        "Map tiles",
        "Online tiles under every map; empty: the land and borders that Waypost brings, which need no internet. Open"
        " maps load themselves anew to show them.",
        "text",
        "",
        check_tiles,
    ),
    Field(
        "map.tiles_attribution",
        "Attribution",
        "Whose tiles these are, shown in the corner of every map as their licence asks for. Links may stand in it.",
        "text",
        "",
        check_attribution,
    ),
    Field(
        "event_types",
        "State machines",
        "Which type of event moves a device to which state, and from which states it may. Events that break this order"
        " are kept and marked.",
        "json",
        to_json(DEFAULT_MACHINES),
        check_machines,
    ),
    Field(
        "timelines.impossible",
        "Impossible order",
        "What becomes of an event that cannot follow the state its device is in: kept and marked, or set aside in the"
        " quarantine.",
        "choice",
        "mark",
        _choice(ON_FAULT),
        choices=ON_FAULT,
    ),
    Field(
        "timelines.clock_jump",
        "Clock that jumps",
        "What becomes of an event whose device's clock has jumped: kept and marked, or set aside in the quarantine.",
        "choice",
        "mark",
        _choice(ON_FAULT),
        choices=ON_FAULT,
    ),
    Field(
        "timelines.ahead_s",
        "Ahead of its receipt",
        "A clock has jumped when an event is further ahead of its receipt than this. What is further ahead than"
        " WAYPOST_MAX_AHEAD_S is refused anyway.",
        "number",
        60,
        _number(1, LONGEST_S, "s"),
        "s",
        1,
        LONGEST_S,
    ),
    Field(
        "timelines.behind_s",
        "Behind its device",
        "A clock has jumped when an event is further behind the newest one that its device had sent before.",
        "number",
        3600,
        _number(1, YEAR_S, "s"),
        "s",
        1,
        YEAR_S,
    ),
    Field(
        "alerts.webhook_url",
        "Webhook",
        "Who is called when an alert opens or closes: each is posted there as JSON, again until it is taken. Empty:"
        " nobody.",
        "text",
        "",
        check_webhook,
        secret=True,  # such an address lets whoever knows it post there
    ),
    Field(
        "alerts.keep_days",
        "Keep closed alerts",
        "An alert that closed longer ago is deleted.",
        "number",
        365,
        _number(1, LONGEST_KEPT_DAYS, "days"),
        "days",
        1,
        LONGEST_KEPT_DAYS,
    ),
)

FIELDS: Final[Mapping[str, Field]] = {
    field.name: field
    for field in (*(field for page, called in PAGES.items() for field in _page_fields(page, called)), *_OTHERS)
}
"""Every runtime setting by its name."""
