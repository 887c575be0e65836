from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go

from components.charts import band_figure, band_note
from components.quantities import quantity, speed
from components.theme import chart_template
from db.queries.rows import Bucket, Metric, Series, Span

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPAN = Span(START, START + timedelta(hours=1))
HEADING = quantity(Metric(3, "heading", "deg", "Heading", "position"))


def series(*minutes: int) -> Series:
    """Buckets of a minute at these minutes: mean 10 m/s, min 5, max 20."""
    return Series(60, tuple(Bucket(START + timedelta(minutes=m), 10.0, 5.0, 20.0, 4) for m in minutes))


def ms(minutes: float) -> int:
    """The time so many minutes into the span, as the browser is sent it."""
    return int((START + timedelta(minutes=minutes)).timestamp() * 1000)


def test_a_mean_on_a_band_in_the_shown_unit() -> None:
    band, mean = band_figure(series(0, 1), SPAN, speed(), revision="r")["data"]
    assert (band["meta"]["part"], mean["meta"]["part"]) == ("band", "line")
    assert mean["y"] == [36.0, 36.0]
    assert mean["x"] == [ms(0.5), ms(1.5)]
    assert mean["customdata"] == [[18.0, 72.0], [18.0, 72.0]]
    assert band["fill"] == "toself"
    assert band["y"] == [72.0, 72.0, 18.0, 18.0]
    assert band["x"] == [ms(0.5), ms(1.5), ms(1.5), ms(0.5)]


def test_a_gap_is_a_gap() -> None:
    band, mean = band_figure(series(0, 1, 5, 6), SPAN, speed(), revision="r")["data"]
    assert [y is None for y in mean["y"]] == [False, False, True, False, False]
    assert not mean["connectgaps"]
    assert [y is None for y in band["y"]].count(True) == 1
    assert mean["mode"] == "lines"


def test_a_bucket_alone_is_a_dot() -> None:
    _, mean = band_figure(series(0, 5, 6), SPAN, speed(), revision="r")["data"]
    assert mean["mode"] == "lines+markers"
    assert mean["marker"]["size"] == [5, 0, 0, 0]


def test_the_newest_bucket_does_not_reach_beyond_the_span() -> None:
    begun = Span(START, START + timedelta(minutes=1, seconds=10))
    _, mean = band_figure(series(0, 1), begun, speed(), revision="r")["data"]
    assert mean["x"][-1] == ms(1) + 5000


def test_a_heading_is_dots_between_0_and_360() -> None:
    figure = band_figure(series(0, 1), SPAN, HEADING, revision="r")
    assert [trace["mode"] for trace in figure["data"]] == ["markers"]
    assert figure["layout"]["yaxis"]["range"] == [0, 360]
    assert band_note(series(0), HEADING) == "Mean of every 1 min"


def test_axes_say_unit_and_span_and_zoom_is_kept() -> None:
    layout = band_figure(series(0), SPAN, speed(), revision="speed 1h")["layout"]
    assert layout["yaxis"]["title"]["text"] == "Speed (km/h)"
    assert layout["xaxis"]["range"] == [ms(0), ms(60)]
    assert layout["uirevision"] == "speed 1h"


def test_plotly_takes_the_figure_and_both_templates() -> None:
    figure = go.Figure(band_figure(series(0, 1, 5), SPAN, speed(), revision="r"))
    for scheme in ("light", "dark"):
        figure.update_layout(template=go.layout.Template(chart_template(scheme)))
    assert len(figure.data) == 2


def test_an_empty_series_draws_nothing() -> None:
    assert all(trace["x"] == [] for trace in band_figure(Series(60, ()), SPAN, speed(), revision="r")["data"])
