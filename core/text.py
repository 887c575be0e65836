"""How numbers, ages and names are written for people (docs: the words of the interface)."""

import math
from datetime import UTC, datetime
from typing import Final

THIN_SPACE: Final = "\u2009"
NO_VALUE: Final = "–"


def number(value: float | None, digits: int = 3) -> str:
    """A number with `digits` significant digits, all of a whole part, thousands apart by a thin space.

    What is no finite number gives a dash. 1234567 -> "1 234 567" (thin spaces), 3.14159 -> "3.14", 0.00123 ->
    "0.00123".
    """
    if value is None or not math.isfinite(value):
        return NO_VALUE
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    decimals = max(0, digits - 1 - magnitude)
    text = f"{value:,.{decimals}f}".replace(",", THIN_SPACE)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "\u2212")


def age(seconds: float | None) -> str:
    """An age as people say it: now, 12 s, 4 min, 3 h, 2 d. What is no finite number gives a dash."""
    if seconds is None or not math.isfinite(seconds):
        return NO_VALUE
    if seconds < 2:
        return "now"
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} d"


def shorten(name: str, most: int = 28) -> str:
    """A name cut in the middle so that it has at most `most` characters."""
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}…{name[len(name) - (most - 1 - head) :]}"


def iso_utc(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone; give it one (UTC)")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
