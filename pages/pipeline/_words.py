"""How the Pipeline page says counts, sizes, rates and waits."""

from datetime import datetime
from typing import Final

from dash import html
from dash.development.base_component import Component

from core.text import NO_VALUE, age, iso_utc, number

STATES: Final = {
    "receiving": "Receiving",
    "silent": "Silent",
    "waiting": "Waiting",
    "failed": "Failed",
    "connecting": "Connecting",
    "gone": "Not heard since the start",
    None: "Not known",
}
MEANINGS: Final = {
    "receiving": "Messages came within the last 10 s",
    "silent": "It is there, but nothing comes",
    "waiting": "The journal is full, so the sender has to wait",
    "failed": "It is tried again by itself",
    "connecting": "Nothing has come since the start",
    "gone": "No process that ingests has heard of it since it started; its account stays",
    None: "No process that ingests is heard",
}
_SIZES: Final = ("B", "kB", "MB", "GB", "TB")


def count(n: int | None) -> str:
    """A whole number, thousands apart."""
    return NO_VALUE if n is None else number(float(n), digits=1)


def size(n: int | None) -> tuple[str, str]:
    """Bytes as people say them, and the unit; 1024 of one make the next."""
    if n is None:
        return NO_VALUE, ""
    value, unit = float(n), 0
    while value >= 1000 and unit < len(_SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return number(value), _SIZES[unit]


def size_text(n: int | None) -> str:
    """The same in one."""
    return " ".join(filter(None, size(n)))


def rate(per_second: float | None) -> str:
    """Messages a second: a decimal below ten, none above."""
    if per_second is None:
        return NO_VALUE
    return number(round(per_second, 1) if per_second < 10 else round(per_second), digits=2 if per_second < 10 else 1)


def duration(seconds: float | None) -> str:
    """How long something took or waits: 21 ms, 0.4 s, 12 s, 4 min."""
    if seconds is None:
        return NO_VALUE
    if seconds < 0.1:
        return f"{number(round(seconds * 1000), digits=1)} ms"
    if seconds < 10:
        return f"{number(round(seconds, 1), digits=2)} s"
    return age(seconds)


def when(moment: datetime | None, now: datetime) -> Component | str:
    """How long ago, the exact time on hover."""
    if moment is None:
        return NO_VALUE
    words = age(max(0.0, (now - moment).total_seconds()))
    return html.Time(words if words == "now" else f"{words} ago", title=exact(moment), dateTime=iso_utc(moment))


def exact(moment: datetime) -> str:
    """A moment to the second."""
    return iso_utc(moment)[:19].replace("T", " ") + " UTC"


def visible(text: str) -> str:
    """Text with its control characters as the pictures of them: a payload may hold any."""
    return "".join(chr(0x2400 + ord(c)) if ord(c) < 32 and c not in "\n\t" else c for c in text)
