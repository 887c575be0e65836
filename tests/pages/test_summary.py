from datetime import UTC, datetime, timedelta
from typing import Any

from components.quantities import quantity
from core.period import parse_period
from core.units import Units
from db.queries.rows import Bucket, DeviceSummary, Metric, Series, Span, Summary
from pages.summary import _figures as draw
from pages.summary._load import Fleet

END = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPAN = Span(END - timedelta(hours=1), END)
PERIOD = parse_period("now-1h", "now", now=END, zone=UTC)
SPEED = Metric(1, "speed", "m/s", "Speed", "position")
KMH = quantity(SPEED)
FOUND = Summary(123456, 10.0, 0.0, 25.0, 5.0, 187)
NOTHING = Summary(0, None, None, None, None, 0)


def fleet(summary: Summary = FOUND, registered: int = 190, points: tuple[Bucket, ...] = ()) -> Fleet:
    """A fleet over an hour."""
    line = Series(15, points)
    return Fleet(SPEED, SPAN, summary, registered, line, None, ((SPEED, summary),), ())


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


def test_figures_in_the_shown_unit() -> None:
    assert [words(card) for card in draw.figures(fleet(), KMH)] == [
        "Mean 36 km/h",
        "Min 0 km/h",
        "Max 90 km/h",
        "Last 18 km/h",
        "Values 123\u2009456",
        "Devices reporting 187 of 190",
    ]


def test_without_values_there_are_dashes_without_units() -> None:
    assert [words(card) for card in draw.figures(fleet(NOTHING), KMH)][:2] == ["Mean –", "Min –"]


def test_skeletons_have_the_shape_of_what_comes() -> None:
    assert len(draw.figure_skeletons()) == len(draw.figures(fleet(), KMH))


def test_a_chart_with_points_is_not_covered() -> None:
    bucket = Bucket(SPAN.start, 1.0, 0.0, 2.0, 3)
    assert draw.chart_cover(fleet(points=(bucket,)), PERIOD) is None


def test_an_empty_period_offers_a_longer_one() -> None:
    cover = draw.chart_cover(fleet(NOTHING), PERIOD)
    assert words(cover).startswith("No speed in this period Nothing was measured: last hour.")
    assert any(getattr(part, "data-period", None) == "longer" for part in parts_of(cover))


def test_without_devices_it_says_so() -> None:
    assert "No device has sent anything yet" in words(draw.chart_cover(fleet(NOTHING, registered=0), PERIOD))


def test_the_table_has_every_metric_and_marks_the_chosen() -> None:
    battery = Metric(4, "battery", "V", "battery", "measurement")
    table = draw.metric_table([(SPEED, FOUND), (battery, NOTHING)], "battery", Units())
    rows = table.children[1].children
    assert [words(row) for row in rows] == ["Speed km/h 123\u2009456 36 0 90 18", "Battery V 0 – – – –"]
    assert [getattr(row, "aria-selected", None) for row in rows] == [None, "true"]
    assert [hasattr(row, "data-none") for row in rows] == [False, True]


def test_the_list_of_devices_links_to_their_pages_and_its_bars_compare() -> None:
    top = [DeviceSummary("a/b", FOUND), DeviceSummary("<b>", Summary(1, 5.0, 5.0, 5.0, 5.0, 1))]
    parts = parts_of(draw.top_list(top, quantity(SPEED)))
    assert [part.href for part in parts if hasattr(part, "href")] == ["/device/a%2Fb", "/device/%3Cb%3E"]
    assert [part.style["width"] for part in parts if getattr(part, "style", None)] == ["100.0%", "50.0%"]
    assert "No device to rank" in words(draw.top_list([], quantity(SPEED)))
