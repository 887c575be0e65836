from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from components.cards import figure_card
from components.fields import known_metric, metric_picker
from components.names import device_link, device_path
from components.quantities import quantity
from components.refresh import answer, no_answer
from components.shell import NAV, shell
from components.theme import chart_theme
from core.settings import Settings
from core.site import defaults, site_of
from db.queries.rows import Metric

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPEED = Metric(1, "speed", "m/s", "Speed", "position")


@pytest.mark.parametrize(
    "metric, label, unit, value, text",
    [
        (SPEED, "Speed", "km/h", 10.0, "36"),
        (Metric(2, "altitude", "m", "Altitude", "position"), "Altitude", "m", 150.25, "150"),
        (Metric(3, "heading", "deg", "Heading", "position"), "Heading", "°", 271.0, "271"),
        (Metric(4, "oil_heat", "degC", "oil_heat", "measurement"), "Oil heat", "°C", 81.5, "81.5"),
        (Metric(5, "speed", None, "speed", "measurement"), "Speed", "", 10.0, "10"),
        (Metric(6, "_", None, "_", "measurement"), "_", "", 1.0, "1"),
    ],
)
def test_how_metrics_are_shown(metric: Metric, label: str, unit: str, value: float, text: str) -> None:
    shown = quantity(metric)
    assert (shown.label, shown.unit, shown.text(value)) == (label, unit, text)


def test_no_value_is_a_dash() -> None:
    assert quantity(SPEED).text(None) == "–"


def test_a_metric_that_is_none_falls_back() -> None:
    assert [known_metric(name, [SPEED]) for name in ("speed", "x", None, ["speed"])] == ["speed"] * 4


def test_many_metrics_become_a_list_to_search() -> None:
    many = [Metric(i, f"m{i}", None, f"m{i}", "measurement") for i in range(9)]
    assert metric_picker("x", many[:8], "m0")._type == "Tabs"
    assert metric_picker("x", many, "m0")._type == "Select"


@pytest.mark.parametrize(
    "name, path",
    [("bus-1", "bus-1"), ("a/b?c#d", "a%2Fb%3Fc%23d"), ("100%", "100%25"), ("<b>ä</b>", "%3Cb%3E%C3%A4%3C%2Fb%3E")],
)
def test_hostile_names_are_quoted(name: str, path: str) -> None:
    assert device_path(name) == f"/device/{path}"


def test_a_long_name_is_cut_and_whole_on_hover() -> None:
    link: Any = device_link("x" * 50, most=11)
    assert (link.children, link.title) == ("xxxxx…xxxxx", "x" * 50)


def test_the_unit_of_a_figure_stands_apart() -> None:
    number = figure_card("Mean", "36", "km/h").children[1].children
    assert [(part.children, part.className) for part in number] == [
        ("36", "wp-figure-value"),
        ("km/h", "wp-figure-unit"),
    ]


def test_how_new_an_answer_is() -> None:
    assert answer(NOW, NOW - timedelta(seconds=3))["ageS"] == 3
    assert answer(NOW, NOW + timedelta(seconds=3))["ageS"] == 0
    assert answer(NOW, None)["ageS"] is None
    assert no_answer(NOW)["failed"]


def _shell_parts() -> list[Any]:
    layout: Any = shell(site_of(defaults(Settings.model_construct())))
    return list(layout._traverse())


def test_the_shell_has_a_link_for_each_page_and_the_elements_that_scripts_fill() -> None:
    ids = {getattr(part, "id", None) for part in _shell_parts()}
    assert {"main", "page-title", "live-indicator", "live-indicator-dot", "live-indicator-text", "rail-toggle"} <= ids
    links = [
        part.href
        for part in _shell_parts()
        if getattr(part, "className", "") == "wp-nav-link" and hasattr(part, "href")
    ]
    pages = [path for path, _, _ in NAV]
    assert links[: len(pages) + 1] == [*pages, "/settings"]
    in_the_bar = links[len(pages) + 1 :]
    assert sorted(in_the_bar) == sorted([*pages, "/settings"])
    assert in_the_bar[:4] == ["/", "/summary", "/history", "/spaces"], "a phone has room for four, and for the others"


def test_both_schemes_have_a_template_and_eight_series() -> None:
    theme = chart_theme()
    assert [len(theme[scheme]["series"]) for scheme in ("light", "dark")] == [8, 8]
    assert theme["dark"]["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"
