"""What the Summary page shows: pure functions from rows to components and figures."""

from collections.abc import Sequence
from typing import Any, Final, Literal

from dash import html
from dash.development.base_component import Component

from components.attributes import data
from components.cards import figure_card, figure_skeleton
from components.charts import Figure, band_figure
from components.names import cut_name
from components.period import longer
from components.quantities import Quantity, quantity
from components.spread import heat_figure, histogram_figure
from components.states import empty, skeleton
from core.period import Period, period_words
from core.text import NO_VALUE, number
from core.units import Units
from db.queries.rows import Group, Metric, Summary
from pages.summary import _ids as ids
from pages.summary._load import Close

FIGURE_LABELS: Final = ("Mean", "Min", "Max", "Last", "Values", "Devices reporting")
TABLE_COLUMNS: Final = ("Metric", "Values", "Mean", "Change", "Min", "Max", "Last", "Devices")
GROUP_COLUMNS: Final = ("Reporting", "Mean", "Min", "Max")
_BEFORE: Final = "against the window before"


def figures(found: Summary, before: Summary, registered: int, shown: Quantity) -> list[Component]:
    """The row of figures of the chosen metric, with what changed against the window before."""
    values = (found.mean, found.min, found.max, found.last)
    earlier = (before.mean, before.min, before.max, None)
    cards = [
        _card(label, value, change(value, past, shown), past, shown)
        for label, value, past in zip(FIGURE_LABELS, values, earlier, strict=False)
    ]
    return [
        *cards,
        figure_card(FIGURE_LABELS[4], count(found.n), note=_share(found.n, before.n), title=_was(count(before.n))),
        figure_card(
            FIGURE_LABELS[5],
            count(found.devices),
            note=f"of {count(registered)}",
            title=_was(count(before.devices)),
        ),
    ]


def _card(label: str, value: float | None, changed: str, past: float | None, shown: Quantity) -> Component:
    unit = shown.unit if value is not None else ""
    return figure_card(label, shown.text(value), unit, changed or "\u00a0", title=_was(shown.text(past), shown.unit))


def _was(text: str, unit: str = "") -> str | None:
    return None if text == NO_VALUE else f"{text} {unit}".strip() + " in the window before"


def change(now: float | None, before: float | None, shown: Quantity) -> str:
    """How a value changed: in percent where it is measured from zero, else by how much."""
    if now is None or before is None:
        return ""
    if shown.circular:
        turn = (now - before + 180) % 360 - 180
        return _signed(turn, "°")
    if shown.from_zero and before > 0:
        return _share(now, before)
    unit = f"\u202f{shown.unit}" if shown.unit else ""
    return _signed((now - before) * shown.factor, unit)


def _share(now: float, before: float) -> str:
    if before <= 0:
        return "\u00a0"
    percent = 100 * (now - before) / before
    # Ten times as much is said as such: +900 % takes a moment to be understood.
    return f"{number(now / before)} times as before" if percent > 900 else _signed(percent, "\u202f%")


def _signed(value: float, unit: str) -> str:
    text = number(abs(value), digits=2)
    if text == "0":
        return "unchanged"
    return f"{'+' if value > 0 else '−'}{text}{unit}"


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label) for label in FIGURE_LABELS]


def chart_figure(close: Close, period: Period, shown: Quantity) -> Figure:
    """The fleet's mean over the window, on a band from min to max."""
    return band_figure(close.series, close.span, shown, revision=_revision(close, period, shown))


def spread_figure(close: Close, period: Period, shown: Quantity) -> Figure | None:
    """How the values are spread over their range."""
    if close.spread is None:
        return None
    return histogram_figure(close.spread, shown, revision=_revision(close, period, shown), tone=0)


def hours_figure(close: Close, period: Period, shown: Quantity) -> Figure:
    """Means by the hour of the week."""
    return heat_figure(close.hours, shown, revision=_revision(close, period, shown))


def _revision(close: Close, period: Period, shown: Quantity) -> str:
    return f"{close.metric.name} {shown.unit} {period.from_} {period.to}"


def cover(close: Close, period: Period) -> Component | None:
    """What lies over the first chart where there is nothing to draw, or None."""
    if close.series.points:
        return None
    if sum(group.registered for group in close.fleets) == 0:
        return empty("No device has sent anything yet", "As soon as one does, its values are summed up here.")
    return empty(
        f"No {quantity(close.metric).label.lower()} in this period",
        f"Nothing was measured: {period_words(period)}. A longer period may hold more.",
        longer(),
    )


def nothing(close: Close) -> Component | None:
    """What lies over the other charts then."""
    return None if close.series.points else html.Span("No values", className="wp-hint")


def group_table(groups: Sequence[Group], by: Literal["fleet", "kind"], shown: Quantity) -> Component:
    """A row a fleet, or a kind, its mean as a bar in the cell; a click on a fleet shows that one alone."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in (by.capitalize(), *GROUP_COLUMNS)]))
    longest = max((abs(group.summary.mean or 0.0) for group in groups), default=0.0) or 1.0
    body = html.Tbody([_group_row(group, by, shown, longest) for group in groups])
    return html.Table([head, body], className="wp-table wp-group-table")


def _group_row(group: Group, by: str, shown: Quantity, longest: float) -> Component:
    found = group.summary
    share = 0.0 if shown.circular else 100 * abs(found.mean or 0.0) / longest
    mean = html.Td(
        [
            html.Span(shown.text(found.mean), className="wp-cell-value"),
            html.Span(className="wp-cell-bar", style={"width": f"{share:.1f}%"}),
        ],
        className="wp-cell",
    )
    reporting = f"{count(found.devices)} of {count(group.registered)}"
    cells = [html.Td(reporting), mean, html.Td(shown.text(found.min)), html.Td(shown.text(found.max))]
    muted: dict[str, Any] = data(none="") if found.n == 0 else {}
    return html.Tr([html.Th(_group_name(group.name, by), scope="row"), *cells], **muted)


def _group_name(name: str | None, by: str) -> Component:
    if name is None:
        return html.Span(f"No {by}", className="wp-hint")
    if by == "kind":
        return cut_name(name, 24)
    chosen = data(target=ids.FLEET, choose=name)
    return html.Button(cut_name(name, 24), type="button", className="wp-link-button", title=f"Show {name}", **chosen)


def metric_table(rows: Sequence[tuple[Metric, Summary, Summary]], chosen: str, units: Units) -> Component:
    """Every metric with its statistics; a click on a name chooses it."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in TABLE_COLUMNS]))
    body = html.Tbody([_metric_row(*row, quantity(row[0], units), row[0].name == chosen) for row in rows])
    return html.Table([head, body], className="wp-table")


def _metric_row(metric: Metric, found: Summary, before: Summary, shown: Quantity, chosen: bool) -> Component:
    name = html.Button(
        [cut_name(shown.label, 32), html.Span(shown.unit, className="wp-measure")],
        type="button",
        className="wp-link-button",
        title=f"Show {shown.label.lower()}",
        **data(target=ids.METRIC, choose=metric.name),
    )
    changed = html.Td(change(found.mean, before.mean, shown) or NO_VALUE, title=f"Of the mean, {_BEFORE}")
    values = [shown.text(one) for one in (found.min, found.max, found.last)]
    cells = [
        html.Td(count(found.n)),
        html.Td(shown.text(found.mean)),
        changed,
        *(html.Td(value) for value in values),
        html.Td(count(found.devices)),
    ]
    marked: dict[str, Any] = {"aria-selected": "true"} if chosen else {}
    if found.n == 0:  # listed, so that it can be chosen, and muted
        marked |= data(none="")
    return html.Tr([html.Th(name, scope="row"), *cells], **marked)


def table_skeleton(columns: Sequence[str], rows: int) -> Component:
    """A table before it is known: the same head, grey lines below."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in columns]))
    line = [html.Td(skeleton("48px", "12px")) for _ in columns]
    return html.Table([head, html.Tbody([html.Tr(line) for _ in range(rows)])], className="wp-table")


def count(n: int) -> str:
    """A whole number, thousands apart."""
    return number(float(n), digits=1)
