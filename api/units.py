"""In which unit to answer: SI, or the one that `unit=` names, for who compares with what a page shows."""

from typing import Annotated, Final

from fastapi import Query

from api.errors import Problem
from core.units import METRES, METRES_PER_SECOND, SECONDS, factor_between
from db.queries.rows import Metric

_KNOWN: Final = ", ".join(dict.fromkeys((*METRES_PER_SECOND, *METRES, *SECONDS)))

UnitParam = Annotated[
    str | None, Query(description="The unit to answer in, as km/h, mph, kn, ft or mi; left out: as stored, which is SI")
]


class Scale:
    """Turns stored values into those of a unit."""

    def __init__(self, stored: str | None, wanted: str | None) -> None:
        """Raises Problem 422 where the unit does not fit."""
        self.unit = wanted or stored
        if wanted is None or wanted == stored:
            self._factor = 1.0
            return
        try:
            self._factor = factor_between(stored, wanted)
        except ValueError as error:
            raise Problem(422, f"unit: {error}; known are {_KNOWN}") from None

    def __call__(self, value: float) -> float:
        """A stored value in the unit."""
        return value if self._factor == 1.0 else value * self._factor

    def maybe(self, value: float | None) -> float | None:
        """The same; None stays None."""
        return None if value is None else self(value)


def scale_of(metric: Metric, wanted: str | None) -> Scale:
    """From the unit of `metric` to the one asked for. Raises Problem 422."""
    return Scale(metric.unit, wanted)
