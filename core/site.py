"""Runtime settings: what admins set while Waypost runs, for everyone. Typed, with limits; core/site_fields.py says what
each is. (core/settings.py is the configuration that a process starts with.)

What is kept are values by name, such as `summary.interval_s`; only those that differ from their defaults need be there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.machines import machines_of
from core.settings import Settings
from core.site_fields import FIELDS, PAGES, Value, plain
from core.timelines import Rules
from core.units import Units

Mode = Literal["live", "interval"]
Values = Mapping[str, Value]


class InvalidSetting(ValueError):
    """A value that cannot be taken: `name` is its setting, the message one sentence to show beside it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Refresh:
    """How a page keeps itself new: seconds, and the mode that it opens in."""

    interval_s: float
    floor_s: float
    mode: Mode


@dataclass(frozen=True, slots=True)
class Tiles:
    """Online map tiles; without `url` the basemap that Waypost brings."""

    url: str | None
    attribution: str


@dataclass(frozen=True, slots=True)
class Calling:
    """Who is called of alerts (None: nobody), and for how many days closed ones are kept."""

    webhook_url: str | None
    keep_days: float


NOBODY: Final = Calling(None, FIELDS["alerts.keep_days"].default)
"""Nobody is called."""


@dataclass(frozen=True, slots=True)
class Site:
    """All runtime settings at one moment."""

    pages: Mapping[str, Refresh]
    top_n: int
    units: Units
    tiles: Tiles
    rules: Rules
    calling: Calling

    def refresh(self, page: str) -> Refresh:
        """How `page` keeps itself new; one without settings of its own does as Summary."""
        return self.pages.get(page, self.pages["summary"])

    def for_pages(self) -> dict[str, Any]:
        """What open pages are told, as JSON."""
        return {
            "pages": {
                page: {"interval_s": one.interval_s, "floor_s": one.floor_s, "mode": one.mode}
                for page, one in self.pages.items()
            },
            "top_n": self.top_n,
            "units": {"speed": self.units.speed, "length": self.units.length},
            "tiles": {"url": self.tiles.url, "attribution": self.tiles.attribution},
        }


_FROM_ENVIRONMENT: Final = {"map.tiles_url": "tiles_url", "map.tiles_attribution": "tiles_attribution"}


def defaults(settings: Settings) -> dict[str, Value]:
    """Every setting's value until an admin sets another; the environment gives those of the map."""
    given = {name: getattr(settings, ours) or "" for name, ours in _FROM_ENVIRONMENT.items()}
    return {name: given.get(name, field.default) for name, field in FIELDS.items()}


def check(name: str, given: object, values: Values) -> Value:
    """The value to keep for the setting `name`; `values` are all that hold now, by name.

    Raises InvalidSetting where it is outside of its limits or does not go with another; KeyError where there is no
    such setting.
    """
    try:
        value = FIELDS[name].check(given)
    except ValueError as error:
        raise InvalidSetting(name, str(error)) from None
    page, _, which = name.rpartition(".")
    if which == "interval_s" and value < values[f"{page}.floor_s"]:
        raise InvalidSetting(
            name, f"{plain(value)} s is below this page's floor of {plain(values[f'{page}.floor_s'])} s."
        )
    if which == "floor_s" and value > values[f"{page}.interval_s"]:
        interval = values[f"{page}.interval_s"]
        raise InvalidSetting(
            name, f"{plain(value)} s is above this page's interval of {plain(interval)} s; raise that first."
        )
    return value


def merged(stored: Values, initial: Values) -> tuple[dict[str, Value], list[str]]:
    """All values that hold, of those stored and the defaults; and the names of stored ones that cannot be used.

    A row that an older or newer Waypost has written must not take every page with it.
    """
    values, refused = dict(initial), []
    for name, given in stored.items():
        try:
            values[name] = FIELDS[name].check(given)
        except (KeyError, ValueError):
            refused.append(name)
    return values, refused


def site_of(values: Values) -> Site:
    """The settings of all values by name, as `merged` gives them."""
    pages = {}
    for page in PAGES:
        floor = values[f"{page}.floor_s"]
        pages[page] = Refresh(max(values[f"{page}.interval_s"], floor), floor, values[f"{page}.mode"])
    return Site(
        pages=pages,
        top_n=values["top.n"],
        units=Units(values["units.speed"], values["units.length"]),
        tiles=Tiles(values["map.tiles_url"] or None, values["map.tiles_attribution"]),
        rules=Rules(
            machines_of(values["event_types"]),
            ahead_s=values["timelines.ahead_s"],
            behind_s=values["timelines.behind_s"],
            impossible=values["timelines.impossible"],
            clock_jump=values["timelines.clock_jump"],
        ),
        calling=Calling(values["alerts.webhook_url"] or None, values["alerts.keep_days"]),
    )
