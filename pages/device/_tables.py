"""The tables of the Device page: trips and stops, values, and how well it reports."""

from datetime import datetime, tzinfo
from typing import Final
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.quantities import quantity, speed
from core.text import NO_VALUE, age, iso_utc, number
from core.types import to_micros
from core.units import Units
from db.queries.quality import LATE_S, Quality
from db.queries.rows import Device, Latest, Line
from db.queries.trips import Phase, TripRules
from pages.device._figures import distance_words, duration_words, local_moment
from pages.device._load import Past

MOST_PHASES: Final = 200
_KINDS: Final = {"trip": "Trip", "stop": "Stop", "gap": "No data"}


def trips_table(past: Past, units: Units, zone: tzinfo) -> Component:
    """Trips, stops and gaps, the newest first. A row shows itself on the map, and leads to History."""
    shown = list(reversed(past.phases))[:MOST_PHASES]
    columns = ("", "Began", "Took", "Distance", "Mean", "Highest", "")
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(column, scope="col") for column in columns])),
                html.Tbody([_phase_row(past.subject.device, phase, units, zone) for phase in shown]),
            ],
            className="wp-table wp-trips",
        ),
        className="wp-scroll wp-trips-scroll",
        tabIndex="0",
        **aria(label="Trips and stops"),
    )


def _phase_row(device: Device, phase: Phase, units: Units, zone: tzinfo) -> Component:
    shown = speed(units)
    trip = phase.kind == "trip"
    begins, ends = to_micros(phase.start) // 1000, to_micros(phase.end) // 1000
    button = html.Button(
        [html.Span(className="wp-phase", **aria(hidden="true"), **data(kind=phase.kind)), _KINDS[phase.kind]],
        type="button",
        title="Show it on the map",
        className="wp-link-button",
        **data(phase=f"{begins} {ends}"),
    )
    moved = " ".join(distance_words(phase.distance_m, units)) if phase.kind != "stop" else NO_VALUE
    return html.Tr(
        [
            html.Th(button, scope="row"),
            html.Td(local_moment(phase.start, zone), title=f"until {local_moment(phase.end, zone)}"),
            html.Td(" ".join(duration_words(phase.seconds))),
            html.Td(moved),
            html.Td(f"{shown.text(phase.mean_speed)} {shown.unit}" if trip else NO_VALUE),
            html.Td(f"{shown.text(phase.max_speed)} {shown.unit}" if trip else NO_VALUE),
            html.Td(dcc.Link("History", href=history_path(device.name, (), phase), className="wp-link")),
        ]
    )


def history_path(name: str, metrics: tuple[str, ...], phase: Phase | None = None) -> str:
    """The History page of a device; of a phase, zoomed to it with as much to either side."""
    query: list[tuple[str, str]] = [("device", name), *(("metric", metric) for metric in metrics)]
    if phase is not None:
        margin = (phase.end - phase.start) / 4
        query.append(("zoom", f"{iso_utc(phase.start - margin)}~{iso_utc(phase.end + margin)}"))
    return f"/history?{urlencode(query)}"


def trips_note(past: Past, rules: TripRules, units: Units) -> str:
    """By which rules they were told, and what was left out."""
    stop = " ".join(duration_words(rules.stop_at_least_s))
    shown = speed(units)
    slow = f"{shown.text(rules.stopped_below)} {shown.unit}"
    way = " ".join(distance_words(rules.trip_at_least_m, units))
    said = f"A stop: slower than {slow} for {stop} or more. A trip: {way} or more."
    if len(past.phases) > MOST_PHASES:
        said += f" The newest {MOST_PHASES} of {len(past.phases)} are listed."
    return said if past.whole else said + " Told from a part of its places: there are very many."


def values_table(past: Past, units: Units, now: datetime) -> Component:
    """Each metric: its value now, and its statistics over the period."""
    columns = ("Metric", "Now", "Mean", "Min", "Max", "Values")
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(column, scope="col") for column in columns])),
                html.Tbody([_value_row(line, past.subject.latest, units, now) for line in past.lines]),
            ],
            className="wp-table wp-values",
        ),
        className="wp-scroll",
        tabIndex="0",
    )


def _value_row(line: Line, newest: Latest | None, units: Units, now: datetime) -> Component:
    shown = quantity(line.metric, units)
    buckets = line.series.points
    n = sum(bucket.n for bucket in buckets)
    mean = sum(bucket.mean * bucket.n for bucket in buckets) / n if n and not shown.circular else None
    least = min((bucket.min for bucket in buckets), default=None)
    most = max((bucket.max for bucket in buckets), default=None)
    unit = html.Span(shown.unit, className="wp-measure") if shown.unit else ""
    current = None if newest is None else _now_of(line, newest)
    title = None if newest is None else f"{age((now - newest.ts).total_seconds())} old"
    return html.Tr(
        [
            html.Th([shown.label, unit], scope="row"),
            html.Td(shown.text(current), title=title),
            *(html.Td(shown.text(value)) for value in (mean, least, most)),
            html.Td(number(float(n), digits=1)),
        ],
        **({} if n else data(none="")),
    )


def _now_of(line: Line, newest: Latest) -> float | None:
    if line.metric.stored_in == "position":
        value: float | None = getattr(newest, line.metric.name)
        return value
    return newest.values.get(line.metric.name)


def quality_list(quality: Quality) -> Component:
    """Coverage, gaps, what was late, and what could not be used."""
    longest = " ".join(duration_words(quality.longest_gap_s))
    delay = NO_VALUE if quality.delay_s is None else f"{number(quality.delay_s)} s"
    late = NO_VALUE if quality.late is None else number(float(quality.late), digits=1)
    rows = [
        ("Covered", f"{percent(quality.covered)}", "Share of the period in which it is known what it did"),
        (
            "Gaps",
            str(quality.gaps) + (f", longest {longest}" if quality.gaps else ""),
            "Much longer than it is silent usually",
        ),
        ("On the way", delay, "Median from when it was sent until it was received"),
        ("Late", late, f"Places received more than {LATE_S:g} s after they were sent"),
        ("Duplicates", number(float(quality.duplicates), digits=1), "Messages that came again and changed nothing"),
        (
            "Quarantined",
            number(float(quality.quarantined), digits=1),
            "Messages of it that could not be used, and are kept on the Pipeline page",
        ),
    ]
    return html.Dl(
        [html.Div([html.Dt(name), html.Dd(value)], className="wp-quality-row", title=why) for name, value, why in rows],
        className="wp-quality",
    )


def percent(share: float) -> str:
    """A share from 0 to 1; never 100 % where something is missing, nor 0 % where something is there."""
    if 0.995 <= share < 1:
        return "> 99 %"
    if 0 < share < 0.005:
        return "< 1 %"
    return f"{share * 100:.0f} %"
