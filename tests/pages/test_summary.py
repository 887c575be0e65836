from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from components.quantities import quantity
from components.spread import spread_note
from core.period import parse_period
from core.units import Units
from db.queries.rows import Bucket, Distribution, Group, Hour, Metric, Series, Span, Summary
from pages.summary import _figures as draw
from pages.summary._load import Close, before_of, total_of

END = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPAN = Span(END - timedelta(hours=1), END)
PERIOD = parse_period("now-1h", "now", now=END, zone=UTC)
SPEED = Metric(1, "speed", "m/s", "Speed", "position")
KMH = quantity(SPEED)
FOUND = Summary(123456, 10.0, 0.0, 25.0, 5.0, 187)
NOTHING = Summary(0, None, None, None, None, 0)


def close(points: tuple[Bucket, ...] = (), registered: int = 190, spread: Distribution | None = None) -> Close:
    """Speed over an hour, closely."""
    groups = (Group("north", registered, FOUND), Group(None, 3, NOTHING)) if registered else ()
    hours = (Hour(1, 8, 5, 10.0, 0.0, 20.0),)
    return Close(SPEED, SPAN, Series(15, points), spread, hours, groups, groups)


def parts_of(component: Any) -> list[Any]:
    """All components below one."""
    return list(component._traverse())


def words(component: Any) -> str:
    """All text of a component tree, in order."""
    if component is None:
        return ""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return " ".join(filter(None, map(words, component)))
    return words(getattr(component, "children", None))


def test_figures_in_the_shown_unit_with_what_changed() -> None:
    before = Summary(100_000, 8.0, 0.0, 30.0, 4.0, 180)
    assert [words(card) for card in draw.figures(FOUND, before, 190, KMH)] == [
        "Mean 36 km/h +25\u202f%",
        "Min 0 km/h unchanged",
        "Max 90 km/h \u221217\u202f%",
        "Last 18 km/h \u00a0",
        "Values 123\u2009456 +23\u202f%",
        "Devices reporting 187 of 190",
    ]
    titles = [getattr(part, "title", None) for card in draw.figures(FOUND, before, 190, KMH) for part in parts_of(card)]
    assert "28.8 km/h in the window before" in titles


def test_changes_are_said_as_people_mean_them() -> None:
    heading = quantity(Metric(3, "heading", "deg", "Heading", "position"))
    altitude = quantity(Metric(2, "altitude", "m", "Altitude", "position"), Units("mph", "ft"))
    assert draw.change(10.0, 350.0, heading) == "+20°"
    assert draw.change(110.0, 100.0, altitude) == "+33\u202fft"
    assert draw.change(50.0, 1.0, KMH) == "50 times as before"
    assert draw.change(1.0, 1.0, KMH) == "unchanged"
    assert draw.change(None, 1.0, KMH) == draw.change(1.0, None, KMH) == ""


def test_without_values_there_are_dashes_without_units() -> None:
    shown = [words(card) for card in draw.figures(NOTHING, NOTHING, 190, KMH)]
    assert shown[:2] == ["Mean – \u00a0", "Min – \u00a0"]
    assert len(draw.figure_skeletons()) == len(shown)


def test_empty_charts_say_why_and_what_to_do() -> None:
    assert draw.cover(close(points=(Bucket(SPAN.start, 1.0, 0.0, 2.0, 3),)), PERIOD) is None
    cover = draw.cover(close(), PERIOD)
    assert words(cover).startswith("No speed in this period Nothing was measured: last hour.")
    assert any(getattr(part, "data-period", None) == "longer" for part in parts_of(cover))
    assert "No device has sent anything yet" in words(draw.cover(close(registered=0), PERIOD))
    assert draw.spread_figure(close(), PERIOD, KMH) is None
    assert words(draw.nothing(close())) == "No values"


def test_the_table_has_every_metric_and_marks_the_chosen() -> None:
    battery = Metric(4, "<b>battery</b>", "V", "<b>battery</b>", "measurement")
    table = draw.metric_table([(SPEED, FOUND, NOTHING), (battery, NOTHING, NOTHING)], "<b>battery</b>", Units())
    rows = table.children[1].children
    assert [words(row) for row in rows] == [
        "Speed km/h 123\u2009456 36 – 0 90 18 187",
        "<b>battery</b> V 0 – – – – – 0",
    ]
    assert [getattr(row, "aria-selected", None) for row in rows] == [None, "true"]
    assert [hasattr(row, "data-none") for row in rows] == [False, True]


def test_groups_have_bars_that_compare_and_a_click_on_a_fleet_chooses_it() -> None:
    groups = (Group("a", 4, FOUND), Group("b", 2, Summary(1, 5.0, 5.0, 5.0, None, 1)), Group(None, 1, NOTHING))
    table = draw.group_table(groups, "fleet", KMH)
    assert [words(row) for row in table.children[1].children] == [
        "a 187 of 4 36 0 90",
        "b 1 of 2 18 18 18",
        "No fleet 0 of 1 – – –",
    ]
    parts = parts_of(table)
    assert [part.style["width"] for part in parts if getattr(part, "style", None)] == ["100.0%", "50.0%", "0.0%"]
    assert [getattr(p, "data-choose") for p in parts if hasattr(p, "data-choose")] == ["a", "b"]
    assert not [p for p in parts_of(draw.group_table(groups, "kind", KMH)) if hasattr(p, "data-choose")]


def test_charts_of_the_spread_are_in_the_shown_unit() -> None:
    spread = Distribution((0.0, 5.0, 10.0), (3, 1), "values", 4, 2)
    figure = draw.spread_figure(close(spread=spread), PERIOD, KMH)
    assert figure is not None
    [bars] = figure["data"]
    assert (bars["x"], bars["y"], bars["width"]) == ([9.0, 27.0], [3, 1], [18.0, 18.0])
    assert bars["hovertext"][0] == "<b>0 to 18 km/h</b><br>3 values, 75.0 %"
    assert figure["layout"]["xaxis"]["range"] == [0.0, 36.0]
    assert spread_note(spread) == "All 4 values"
    assert spread_note(replace(spread, of="sample")).startswith("A sample: 4 values of 2 devices")
    assert "Means of each device and hour" in spread_note(replace(spread, of="hours"))
    ground, cells = draw.hours_figure(close(), PERIOD, KMH)["data"]
    assert (cells["z"][0][8], cells["z"][0][9], cells["z"][1][8]) == (36.0, None, None)
    assert cells["text"][0][8] == "<b>36 km/h</b> mean<br>0 to 72 km/h<br>5 values"
    assert (len(ground["z"]), {len(row) for row in ground["z"]}) == (7, {24}), "an hour without values is a cell, too"
    assert go.Figure({"data": [ground, cells, bars]})


def test_the_window_before_ends_where_this_one_begins_and_groups_add_up() -> None:
    assert before_of(SPAN) == Span(END - timedelta(hours=2), END - timedelta(hours=1))
    total = total_of(
        [Group("a", 4, FOUND), Group("b", 2, Summary(1, 5.0, -5.0, 5.0, None, 1)), Group(None, 1, NOTHING)]
    )
    assert (total.n, total.min, total.max, total.devices) == (123457, -5.0, 25.0, 188)
    assert total_of([]) == NOTHING
