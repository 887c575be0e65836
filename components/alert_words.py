"""What alerts and rules say, with labels and in the units of the reader. Pure functions."""

from collections.abc import Collection, Iterable
from functools import partial
from itertools import chain, count
from typing import Final

from components.quantities import Quantity, quantity
from core.alert_conditions import LONGEST_NAME, Condition, Count, Metric, Silence, about, happened, is_worse, looked_for
from core.alerts import Severity
from core.text import age, number
from core.units import Units
from db.queries import rows
from db.queries.alerts import Alert

SEVERITIES: Final = {Severity.WARNING: "Warning", Severity.CRITICAL: "Critical"}
_LONGEST_PROPOSED: Final = LONGEST_NAME - 10
"""With room for a number behind it."""


class Words:
    """Writes conditions for somebody who sees these units; `metrics` are those of the registry."""

    def __init__(self, metrics: Iterable[rows.Metric], units: Units) -> None:
        self._shown = {one.name: quantity(one, units) for one in metrics}

    def shown(self, metric: str) -> Quantity:
        """How a metric is shown; one that there is not, by its name."""
        return self._shown.get(metric, Quantity(metric, metric, ""))

    def value(self, condition: Condition, value: float) -> str:
        """A value that the condition is about, with its unit."""
        if isinstance(condition, Metric):
            shown = self.shown(condition.metric)
            return f"{shown.text(value)} {shown.unit}".rstrip()
        return f"{number(value)} %" if isinstance(condition, Count) and condition.of_capacity else number(value)

    def whom(self, condition: Condition) -> str:
        """Whom a rule watches, to begin a sentence with; a name stays as it is."""
        named = condition.space if isinstance(condition, Count) else condition.device
        return named or _sentence(about(condition))

    def looked_for(self, condition: Condition) -> str:
        """What a rule looks for, without whom."""
        return looked_for(condition, partial(self.value, condition), self._label(condition))

    def happened(self, alert: Alert) -> str:
        """What was found of the subject when the alert opened."""
        condition = alert.condition
        return _sentence(happened(condition, alert.value, partial(self.value, condition), self._label(condition)))

    def worst(self, alert: Alert) -> str | None:
        """The value furthest beyond the limit; None where it reads like the one that the alert opened with."""
        value, worst, condition = alert.value, alert.worst, alert.condition
        if value is None or worst is None or not is_worse(worst, value, condition):
            return None
        if isinstance(condition, Silence):
            return f"silent for {age(worst)}"
        written = self.value(condition, worst)
        if written == self.value(condition, value):
            return None
        falls = isinstance(condition, Count | Metric) and condition.op in ("at_most", "below")
        return f"{'down' if falls else 'up'} to {written}"

    def proposed(self, condition: Condition, taken: Collection[str] = ()) -> str:
        """A name for a rule that looks for this, other than those that are taken."""
        what, whom = self.looked_for(condition), about(condition)
        name = _sentence(what) if whom in ("every device", "every space") else f"{whom}: {what}"
        name = name[:_LONGEST_PROPOSED]
        numbered = (f"{name} ({n})" for n in count(2))
        return next(one for one in chain([name], numbered) if one not in taken)

    def _label(self, condition: Condition) -> str | None:
        return self.shown(condition.metric).label if isinstance(condition, Metric) else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
