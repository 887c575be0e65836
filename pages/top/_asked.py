"""What the address of the Top N page asks for: what can be used of it, and a sentence for each part that cannot."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from components.fields import known_fleet
from db.queries.rows import Metric
from db.queries.top import Statistic

MOST: Final = 500
Order = Literal["desc", "asc"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to rank."""

    metric: str
    stat: Statistic
    n: int
    order: Order
    fleet: str | None
    problems: tuple[str, ...]


def asked(
    metrics: list[Metric], default_n: int, *, metric: object, stat: object, n: object, order: object, fleet: object
) -> Asked:
    """Read the parameters of an address, which may be anything; a name given twice comes as a list."""
    problems: list[str] = []
    names = [one.name for one in metrics]
    found = next((one for one in get_args(Statistic) if one == stat), None)
    if stat is not None and found is None:
        problems.append(f"“{_short(stat)}” is no statistic: use {', '.join(get_args(Statistic))}.")
    if metric is not None and metric not in names:
        problems.append(f"No metric is called “{_short(metric)}”.")
    number = known_n(n)
    if n is not None and number is None:
        problems.append(f"n is a whole number from 1 to {MOST}, not “{_short(n)}”.")
    if order not in (None, "asc", "desc"):
        problems.append("order is desc (the highest first) or asc.")
    return Asked(
        metric=str(metric) if metric in names else names[0],
        stat=found or "mean",
        n=number or default_n,
        order="asc" if order == "asc" else "desc",
        fleet=known_fleet(fleet),
        problems=tuple(problems),
    )


def known_n(n: object) -> int | None:
    """How many to rank, from what an address or a control says; None for anything but 1 to MOST."""
    if isinstance(n, str) and n.isascii() and n.isdigit() and len(n) < 5:
        n = int(n)
    return n if isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= MOST else None


def known_stat(stat: object) -> Statistic:
    """A statistic as a control says it; the mean for anything else."""
    return next((one for one in get_args(Statistic) if one == stat), "mean")


def _short(text: object) -> str:
    return str(text)[:60]
