"""What the Top N page makes of an address, and of a ranking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import plotly.graph_objects as go
import pytest

from core.period import parse_period
from core.units import Units
from db.queries.rows import Bucket, Device, Latest, Metric, Ranked, Series, Span
from pages.top import _figures as draw
from pages.top._asked import asked, known_n
from pages.top._load import Place, Ranking
from tests.pages.test_summary import words

END = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPAN = Span(END - timedelta(hours=1), END)
PERIOD = parse_period("now-1h", "now", now=END, zone=UTC)
SPEED = Metric(1, "speed", "m/s", "Speed", "position")
SQL = Metric(9, "'; DROP TABLE position; --", None, "'; DROP TABLE position; --", "measurement")
NOTHING: dict[str, Any] = dict.fromkeys(("metric", "stat", "n", "order", "fleet"))


def place(rank: int, name: str, value: float, *points: Bucket, fleet: str | None = None) -> Place:
    """A place of a ranking."""
    device = Device(rank, name, None, None, fleet, {}, END, END)
    newest = Latest(device, END - timedelta(seconds=12), 30.2686, -97.7441, None, None, None, {})
    return Place(Ranked(rank, name, value, 10), device, Series(60, points), newest)


def ranking(*places: Place, stat: Any = "mean", metric: Metric = SPEED, behind: int = 0) -> Ranking:
    """A ranking over an hour."""
    return Ranking(metric, stat, SPAN, places, END, behind)


def bucket(minute: float, mean: float) -> Bucket:
    """A bucket so many minutes into the hour."""
    return Bucket(SPAN.start + timedelta(minutes=minute), mean, mean, mean, 1)


def test_an_address_without_anything_is_the_page_as_it_is() -> None:
    found = asked([SPEED], 20, **NOTHING)
    assert (found.metric, found.stat, found.n, found.order, found.fleet) == ("speed", "mean", 20, "desc", None)
    assert found.problems == ()


def test_what_an_address_says_is_used_and_names_like_sql_are_names() -> None:
    given = {"metric": SQL.name, "stat": "distance", "n": "500", "order": "asc", "fleet": "north"}
    found = asked([SPEED, SQL], 20, **given)
    assert (found.metric, found.stat, found.n, found.order, found.fleet) == (SQL.name, "distance", 500, "asc", "north")
    assert found.problems == ()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"metric": "<script>alert(1)</script>"}, "No metric is called “<script>alert(1)</script>”."),
        ({"metric": ["a", "b"]}, "No metric is called"),
        ({"stat": "median"}, "“median” is no statistic: use max, mean"),
        ({"n": "0"}, "n is a whole number from 1 to 500, not “0”."),
        ({"n": "1e3"}, "n is a whole number"),
        ({"n": "٣"}, "n is a whole number"),
        ({"order": "sideways"}, "order is desc"),
        ({"metric": "x" * 5000}, "“" + "x" * 60 + "”"),
    ],
)
def test_what_cannot_be_used_is_said_and_replaced(given: dict[str, Any], said: str) -> None:
    found = asked([SPEED], 20, **(NOTHING | given))
    assert (found.metric, found.stat, found.n, found.order) == ("speed", "mean", 20, "desc")
    assert said in found.problems[0]


@pytest.mark.parametrize("n, known", [(1, 1), (500, 500), (501, None), (True, None), (None, None), (2.5, None)])
def test_how_many(n: object, known: int | None) -> None:
    assert known_n(n) == known


def test_rows_in_the_shown_unit_with_bars_lines_and_places() -> None:
    points = (bucket(0, 5.0), bucket(1, 10.0), bucket(30, 0.0))
    found = ranking(place(1, "<b>a</b>", 10.0, *points), place(2, "b/c", -5.0))
    first, second = draw.rows(found, draw.ranked_as(SPEED, "mean", Units()), END)
    assert (first["value"], first["text"], first["share"], second["share"]) == (36.0, "36", 1.0, 0.5)
    assert (first["name"], second["href"]) == ("<b>a</b>", "/device/b%2Fc")
    assert first["where"] == "30.26860, -97.74410 · 12 s ago"
    assert first["line"] == [[0.008, 0.5], [0.025, 1.0], [], [0.508, 0.0]]
    assert second["line"] == []
    assert draw.where(None, END) == "No place known"


def test_columns_say_what_was_ranked_and_in_which_unit() -> None:
    def names(stat: Any, units: Units) -> list[str]:
        shown = draw.ranked_as(SPEED, stat, units)
        return [column["headerName"] for column in draw.columns(shown, stat, with_fleets=stat == "max")]

    assert names("max", Units("kn", "m")) == ["#", "Device", "Max speed (kn)", "Over time", "Fleet", "Values"]
    assert names("distance", Units("mph", "ft"))[2] == "Distance travelled (mi)"
    assert names("moving", Units()) == ["#", "Device", "Time moving (min)", "Over time", "Legs"]


def test_the_table_has_room_for_its_rows_and_never_for_none() -> None:
    assert draw.table_style(30)["--wp-top-rows"] == 30
    assert draw.table_style(0)["--wp-top-rows"] >= 5


def test_bars_are_the_ranking_and_lead_to_devices() -> None:
    shown = draw.ranked_as(SPEED, "mean", Units())
    figure = draw.ranking_figure(ranking(place(1, "<b>a</b>", 10.0), place(2, "c", 5.0)), shown, revision="r")
    [bars] = figure["data"]
    assert (bars["x"], bars["y"], bars["customdata"]) == (
        [1, 2],
        [36.0, 18.0],
        ["/device/%3Cb%3Ea%3C%2Fb%3E", "/device/c"],
    )
    assert bars["hovertext"][0] == "<b>&lt;b&gt;a&lt;/b&gt;</b><br>36 km/h"
    assert figure["layout"]["xaxis"]["ticktext"][1] == "c"
    assert go.Figure(figure)
    many = draw.ranking_figure(ranking(*(place(i, f"d{i}", 1.0) for i in range(1, 100))), shown, revision="r")
    assert "ticktext" not in many["layout"]["xaxis"]


def test_words_say_what_is_ranked_what_is_behind_and_what_to_do_when_there_is_nothing() -> None:
    shown = draw.ranked_as(SPEED, "mean", Units())
    assert draw.heading(ranking(), shown, PERIOD, lowest=False) == "Highest mean speed, last hour"
    far = draw.ranked_as(SPEED, "distance", Units())
    assert draw.heading(ranking(stat="distance"), far, PERIOD, lowest=True) == "Lowest distance travelled, last hour"
    assert draw.note(ranking(place(1, "a", 1.0))) == "1 device"
    assert "7 hours are still being added up" in draw.note(ranking(stat="moving", behind=7))
    assert "No device moved in this period" in words(draw.cover(ranking(stat="moving"), PERIOD))
    assert "No speed in this period" in words(draw.cover(ranking(), PERIOD))
    assert draw.cover(ranking(place(1, "a", 1.0)), PERIOD) is None
