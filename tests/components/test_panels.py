"""The figure of stacked panels, as the server makes it."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from components.panels import Panel, PanelLine, panels_figure, panels_height, panels_note
from components.quantities import Quantity
from db.queries.annotations import Annotation
from db.queries.rows import Bucket, Series, Span

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MS = 1_795_424_400_000
SPAN = Span(NOW, NOW + timedelta(hours=1))
SPEED = Quantity("speed", "Speed", "km/h", 3.6, from_zero=True)
HEADING = Quantity("heading", "Heading", "°", circular=True)


def series(*places: int, spread: float = 1.0, step: int = 60) -> Series:
    """Buckets at these places of a grid, each with its place as its mean."""
    return Series(
        step,
        tuple(Bucket(NOW + timedelta(seconds=step * at), at, at - spread, at + spread, 2) for at in places),
    )


def test_a_panel_a_metric_on_one_axis_of_time_and_a_line_a_device() -> None:
    shown = [
        Panel(SPEED, (PanelLine("a", 0, series(0, 1, 2)), PanelLine("b", 1, series(5)))),
        Panel(HEADING, (PanelLine("a", 0, series(0, 1)),)),
    ]
    figure = panels_figure(shown, SPAN, revision="x")
    assert [(trace["name"], trace["yaxis"], trace["meta"]["tone"]) for trace in figure["data"]] == [
        ("a", "y", 0),
        ("b", "y", 1),
        ("a", "y2", 0),
    ]
    first, _, heading = figure["data"]
    assert (first["y"], first["meta"]["at"], first["meta"]["x0"], first["meta"]["dx"]) == (
        [0, 3.6, 7.2],
        [0, 1, 2],
        MS,
        60000,
    )
    assert (first["meta"]["low"], first["meta"]["high"]) == ([-3.6, 0, 3.6], [3.6, 7.2, 10.8])
    assert (heading["mode"], "low" in heading["meta"]) == ("markers", False)
    layout = figure["layout"]
    assert layout["xaxis"]["range"] == [MS, MS + 3_600_000]
    assert layout["xaxis"]["anchor"] == "y2"
    assert layout["yaxis"]["domain"][0] > layout["yaxis2"]["domain"][1]
    assert layout["yaxis2"]["domain"][0] == pytest.approx(0)
    assert [title["text"] for title in layout["annotations"]] == ["Speed (km/h)", "Heading (°)"]


def test_gaps_are_gaps_by_how_often_a_device_reports() -> None:
    def at(*places: int) -> list[int | None]:
        found: list[int | None] = panels_figure(
            [Panel(SPEED, (PanelLine("a", 0, series(*places)),))], SPAN, revision=""
        )["data"][0]["meta"]["at"]
        return found

    assert at(0, 1, 3, 4) == [0, 1, 3, 4]  # one bucket left out is jitter
    assert at(0, 1, 2, 5, 6) == [0, 1, 2, None, 3 + 2, 6]
    assert at(0, 4, 8, 12, 24, 28) == [0, 4, 8, 12, None, 24, 28]  # it reports every fourth bucket


def test_a_band_without_height_is_not_sent() -> None:
    figure = panels_figure([Panel(SPEED, (PanelLine("a", 0, series(0, 1, spread=0)),))], SPAN, revision="")
    assert "low" not in figure["data"][0]["meta"]


def test_the_line_before_is_dashed_and_moved_onto_the_span() -> None:
    before = PanelLine("a", 0, series(-60, -59), later_s=3600)
    trace = panels_figure([Panel(SPEED, (before,))], SPAN, revision="")["data"][0]
    assert (trace["line"]["dash"], trace["meta"]["x0"], trace["name"]) == ("dash", MS, "a before")


def test_names_and_texts_of_others_stay_text() -> None:
    hostile = "<b onclick=x>%{y}"
    marks = [Annotation(1, NOW, None, None, "<script>alert(1)</script>", "x", NOW)]
    bad = Quantity("m", "<img src=x>", "")
    figure = panels_figure([Panel(bad, (PanelLine(hostile, 0, series(0)),))], SPAN, revision="", marks=marks)
    text = orjson.dumps(figure).decode()
    assert "<b" not in text
    assert "<script" not in text
    assert "<img" not in text
    assert "%{y}" not in figure["data"][0]["name"]


def test_annotations_are_bands_or_lines() -> None:
    marks = [
        Annotation(7, NOW, NOW + timedelta(minutes=5), None, "rain", "x", NOW),
        Annotation(8, NOW, None, "a", "towed", "x", NOW),
    ]
    band, line = panels_figure([], SPAN, revision="", marks=marks)["layout"]["shapes"]
    assert (band["type"], band["x0"], band["x1"], band["label"]["text"]) == ("rect", MS, MS + 300_000, "rain")
    assert (line["type"], line["x0"], line["x1"], line["name"]) == ("line", MS, MS, "8")


def test_five_devices_over_a_week_are_sent_in_less_than_200_kilobytes() -> None:
    lines = tuple(PanelLine(f"vehicle-{n}", n, series(*range(1000), spread=3.1416, step=600)) for n in range(5))
    assert len(orjson.dumps(panels_figure([Panel(SPEED, lines)], SPAN, revision=""))) < 200_000


def test_the_height_follows_the_count_and_the_note_says_how_long_buckets_are() -> None:
    assert panels_height(0) == panels_height(1) < panels_height(2) < panels_height(6)
    assert panels_note([900]).endswith("every 15 min")
    assert panels_note([30]).endswith("every 30 s")
    assert panels_note([]).endswith("every 1 s")
