"""Controls that several pages share: the metric."""

from collections.abc import Sequence
from typing import Final

import dash_mantine_components as dmc
from dash.development.base_component import Component

from components.attributes import aria
from components.quantities import quantity
from core.text import shorten
from db.queries.rows import Metric

_TABS_AT_MOST: Final = 8


def known_metric(name: object, metrics: Sequence[Metric]) -> str:
    """`name` if it is one of the metrics, of which there is at least one, else the first of them."""
    return next((metric.name for metric in metrics if metric.name == name), metrics[0].name)


def known_fleet(name: object) -> str | None:
    """The fleet that a URL names, or None for all: a name twice comes as a list, and NUL is in no name."""
    return name if isinstance(name, str) and name and "\0" not in name else None


def fleet_picker(control_id: str, fleets: Sequence[str], value: str | None) -> Component:
    """A list to search in; its `value` is the name of the fleet, None for all.

    A fleet that there is not stays chosen, so that the page says that it has no devices. Without fleets it is hidden.
    """
    names = [*fleets, value] if value is not None and value not in fleets else list(fleets)
    control: Component = dmc.Select(
        id=control_id,
        value=value,
        data=[{"value": name, "label": shorten(name, 32)} for name in names],
        placeholder="All fleets",
        searchable=True,
        clearable=True,
        nothingFoundMessage="No fleet is called so",
        size="xs",
        className="wp-fleet" if names else "wp-fleet wp-unseen-box",
        **aria(label="Fleet"),
    )
    return control


def metric_picker(control_id: str, metrics: Sequence[Metric], value: str) -> Component:
    """Tabs, or a list to search in where there are more metrics than fit; `value` is the name of the metric."""
    shown = [(metric.name, quantity(metric).label) for metric in metrics]
    if len(shown) <= _TABS_AT_MOST:
        control: Component = dmc.Tabs(
            [
                dmc.TabsList([dmc.TabsTab(label, value=name) for name, label in shown]),
                # Each tab names a panel, which must exist; what changes with the tab is the page itself.
                *(dmc.TabsPanel("", value=name) for name, _ in shown),
            ],
            id=control_id,
            value=value,
            className="wp-tabs",
            **aria(label="Metric"),
        )
    else:
        control = dmc.Select(
            id=control_id,
            value=value,
            data=[{"value": name, "label": label} for name, label in shown],
            searchable=True,
            allowDeselect=False,
            nothingFoundMessage="No metric is called so",
            size="sm",
            className="wp-select",
            **aria(label="Metric"),
        )
    return control
