"""How each metric is shown to people: its name, its unit, the factor from the stored unit and the scale of its axis.

This is the one place that says so. Values are stored in SI units; a metric that is not named here is shown as it is,
with the unit its sender gave.
"""

from dataclasses import dataclass
from typing import Any, Final

from core.text import number
from core.units import speed_factor
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


_KNOWN: Final[dict[str, Quantity]] = {
    "speed": Quantity("speed", "Speed", "km/h", 1 / speed_factor("km/h"), from_zero=True),
    "altitude": Quantity("altitude", "Altitude", "m"),
    "heading": Quantity("heading", "Heading", "°", circular=True),
}
_SIGNS: Final[dict[str, str]] = {"deg": "°", "degC": "°C", "degF": "°F", "percent": "%"}


def quantity(metric: Metric) -> Quantity:
    """How `metric` is shown."""
    if metric.stored_in == "position" and metric.name in _KNOWN:
        return _KNOWN[metric.name]
    unit = metric.unit or ""
    return Quantity(metric.name, _readable(metric), _SIGNS.get(unit, unit))


def speed() -> Quantity:
    """Speed, which some pages show whether or not it was chosen."""
    return _KNOWN["speed"]


def _readable(metric: Metric) -> str:
    """The label; where the registry has none but the name, the name with spaces and a capital."""
    if metric.label and metric.label != metric.name:
        return metric.label
    words = metric.name.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else metric.name
