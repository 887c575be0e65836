"""How each metric is shown to people: its name, its unit, the factor from the stored unit and the scale of its axis.

This is the one place that says so. Values are stored in SI units and shown in those that the user has chosen; a metric
in any other unit is shown as it is, with the unit its sender gave.
"""

from dataclasses import dataclass
from typing import Any, Final

from core.text import number
from core.units import Units, factor_between
from db.queries.rows import Metric


@dataclass(frozen=True, slots=True)
class Quantity:
    """A metric as people see it. `factor` turns a stored value into a shown one."""

    name: str
    label: str
    unit: str
    factor: float = 1.0
    from_zero: bool = False
    circular: bool = False

    def shown(self, value: float | None) -> float | None:
        """A stored value in the shown unit."""
        return None if value is None else value * self.factor

    def text(self, value: float | None) -> str:
        """A stored value as people read it, without the unit."""
        return number(self.shown(value))

    def axis(self) -> dict[str, Any]:
        """What is particular to the axis of this quantity, for Plotly."""
        title = f"{self.label} ({self.unit})" if self.unit else self.label
        axis: dict[str, Any] = {"title": {"text": title}}
        if self.circular:
            axis |= {"range": [0, 360], "dtick": 90, "ticksuffix": "°"}
        elif self.from_zero:
            axis["rangemode"] = "tozero"
        return axis


_SIGNS: Final[dict[str, str]] = {"deg": "°", "degC": "°C", "degF": "°F", "percent": "%"}
_DEFAULT: Final = Units()


def quantity(metric: Metric, units: Units = _DEFAULT) -> Quantity:
    """How `metric` is shown to somebody who sees these units. Speeds in m/s and lengths in m follow them."""
    unit = metric.unit or ""
    at_home = metric.stored_in == "position"
    label = _readable(metric)
    if unit == "m/s":
        factor = factor_between(unit, units.speed)
        return Quantity(metric.name, label, units.speed, factor, from_zero=at_home)
    if unit == "m":
        return Quantity(metric.name, label, units.length, factor_between(unit, units.length))
    return Quantity(metric.name, label, _SIGNS.get(unit, unit), circular=at_home and metric.name == "heading")


def speed(units: Units = _DEFAULT) -> Quantity:
    """Speed, which some pages show whether or not it was chosen."""
    return quantity(Metric(0, "speed", "m/s", "Speed", "position"), units)


def distance(units: Units = _DEFAULT) -> Quantity:
    """Distance travelled, stored in metres."""
    unit = "km" if units.length == "m" else "mi"
    return Quantity("distance", "Distance travelled", unit, factor_between("m", unit), from_zero=True)


def moving() -> Quantity:
    """Time in motion, stored in seconds."""
    return Quantity("moving", "Time moving", "min", factor_between("s", "min"), from_zero=True)


def _readable(metric: Metric) -> str:
    """The label; where the registry has none but the name, the name with spaces and a capital."""
    if metric.label and metric.label != metric.name:
        return metric.label
    words = metric.name.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else metric.name
