"""The Spaces page as pure functions: tiles, the day's chart, the heat map, and what a form says."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from auth.roles import ANYONE, Role, Visitor
from core.occupancy import AnchorKind, Hours, LiveCount
from core.types import to_micros
from db.queries.occupancy import Counted, Ended
from db.queries.rows import Span
from db.queries.spaces import Described, Placement, Sensor, Space, silent_of
from db.spaces import Placing
from pages.spaces._figures import day_figure, heat_map
from pages.spaces._form import Unusable, filled, form
from pages.spaces._load import Chosen, Tile, heat_of, value_at
from pages.spaces._parts import actions, doors, drift_list, figures
from pages.spaces._places import Spot, markers, sides, view_of
from pages.spaces._tiles import tiles

NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)  # a Wednesday
HALL = Space(1, "<b>Hall</b>", 20, Hours("Europe/Berlin", time(8), time(20), time(4)))
SENSOR = Sensor(1, "door-1", None, 1, 48.15, 11.57, NOW - timedelta(hours=3))


def described(space: Space = HALL, *, silent: bool = True) -> Described:
    """A space with one sensor."""
    live = LiveCount(space.name, 1, 0, 19, None, None, to_micros(NOW) - 10**9, to_micros(NOW))
    placed = Placement(1, "door-1", -1, NOW - timedelta(days=9), None)
    return Described(space, live, (SENSOR,), (SENSOR,) if silent else (), (placed,))


def tile(count: int | None = 19, hour_ago: int | None = 12, **more: Any) -> Tile:
    """Its tile."""
    return Tile(described(**more), count, hour_ago, (None, 3, count))


def text_of(component: Any) -> str:
    """All that it says, with classes."""
    return str(component)


def test_a_tile_says_the_count_the_capacity_the_trend_and_who_is_silent() -> None:
    shown = text_of(tiles([tile()], "<b>Hall</b>"))
    for said in ("'19'", "of 20", "7 more than an hour ago", "1 of 1 sensors silent", "wp-space-near", "95.0%"):
        assert said in shown, said
    assert "wp-space-full" in text_of(tiles([tile(21)], ""))
    assert "full" not in text_of(tiles([tile(3)], ""))
    assert "–" in text_of(tiles([tile(None, None)], ""))
    assert "1 sensor'" in text_of(tiles([tile(silent=False)], ""))


def test_a_sensor_is_silent_after_an_hour_while_the_space_is_open() -> None:
    assert silent_of(HALL, [SENSOR], NOW) == [SENSOR]
    assert silent_of(HALL, [SENSOR], NOW.replace(hour=20)) == []
    heard = Sensor(1, "door-1", None, 1, None, None, NOW - timedelta(minutes=59))
    assert silent_of(HALL, [heard], NOW) == []


def counted(hours: float, raw: int, count: int) -> Counted:
    """A moment of the day."""
    return Counted(
        NOW.replace(hour=0, minute=0) + timedelta(hours=hours), count, raw, True, max(0, count - 2), count + 2
    )


def test_the_chart_has_both_counts_as_steps_and_the_band_between_its_edges() -> None:
    span = Span(NOW.replace(hour=0, minute=0), NOW)
    drawn = day_figure([counted(8, 3, 2), counted(9, -1, 0)], span, 20, "today", NOW)
    by_name = {trace["name"]: trace for trace in drawn["data"]}
    assert list(by_name) == ["least", "most", "as reported", "reconciled"]
    assert (by_name["as reported"]["y"], by_name["reconciled"]["y"]) == ([3, 0, 0], [2, 0, 0])
    assert (by_name["least"]["y"], by_name["most"]["y"]) == ([0, 0, 0], [4, 2, 2])
    assert {trace["line"]["shape"] for trace in drawn["data"]} == {"hv"}
    assert "capacity" in [trace["name"] for trace in day_figure([counted(8, 15, 15)], span, 20, "today", NOW)["data"]]


def test_a_single_count_is_a_line_up_to_now_and_never_beyond_now_or_the_span() -> None:
    midnight = NOW.replace(hour=0, minute=0)
    for end, now in ((NOW + timedelta(hours=6), NOW), (NOW, NOW + timedelta(hours=6))):
        for trace in day_figure([counted(8, 3, 2)], Span(midnight, end), None, "today", now)["data"]:
            assert trace["x"] == [to_micros(moment) // 1000 for moment in (midnight + timedelta(hours=8), NOW)]
    assert all(not trace["x"] for trace in day_figure([], Span(midnight, NOW), None, "today", NOW)["data"])


def test_the_heat_map_weighs_counts_by_how_long_they_held_by_the_clock_of_the_space() -> None:
    monday = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    heat = heat_of([(monday, 8), (monday + timedelta(hours=1), 0)], "Europe/Berlin", monday + timedelta(hours=3))
    assert heat[0][8] == 8.0
    assert heat[0][9] == 4.0
    assert heat[0][10] == 0.0
    assert heat[1][9] is None
    shown = text_of(heat_map(heat))
    assert "Mon 08:00 to 09:00: 8 people" in shown
    assert "Nothing to average yet" in text_of(heat_map(None))


def test_corrections_say_how_much_and_how_it_is_known() -> None:
    ended = Ended(NOW - timedelta(days=1), NOW, 0, AnchorKind.CLOSING, 412, 7)
    chosen = Chosen(
        described(), Span(NOW - timedelta(days=1), NOW), (counted(8, 3, 2), counted(9, 1, 1)), (ended,), (), ()
    )
    shown = text_of(drift_list(chosen))
    for said in ("+7", "drift after 412 passages", "empty at the closing hour"):
        assert said in shown, said
    assert "+7" in text_of(figures(chosen, tile()))
    assert "in leads out of it" in text_of(doors(described(), NOW))


def test_who_may_do_what_is_what_is_shown() -> None:
    for role, buttons in ((Role.ADMIN, 5), (Role.ANALYST, 3), (Role.VIEWER, 0)):
        shown = text_of(actions(Visitor("x", role), "Hall"))
        assert shown.count("wp-button") == buttons, role
    assert "Sign in" in text_of(actions(ANYONE, "Hall"))


def test_a_space_can_be_watched_and_its_tile_says_when_it_is_in_alert() -> None:
    watch = "/alerts?new=space&space=Hall%20%26%20bar"
    assert watch in text_of(actions(Visitor("x", Role.ANALYST), "Hall & bar"))
    assert watch not in text_of(actions(Visitor("x", Role.VIEWER), "Hall & bar"))
    assert "In alert" not in text_of(tiles([tile()], ""))
    shown = text_of(tiles([replace(tile(), in_alert=("Hall is full", "Too many"))], ""))
    assert "In alert" in shown
    assert "title='Hall is full, Too many'" in shown


def test_values_hold_until_the_next_and_places_are_fitted() -> None:
    steps = [(NOW, 3), (NOW + timedelta(hours=1), 5)]
    assert [value_at(steps, NOW + timedelta(hours=h)) for h in (-1, 0, 0.5, 2)] == [None, 3, 3, 5]
    view = view_of([tile()])
    assert view is not None
    assert view.center == (48.15, 11.57)
    assert "<b>Hall</b>: 19" in text_of(markers([tile()]))


def test_names_on_the_map_stand_where_they_meet_no_other() -> None:
    def spot(x: float, y: float) -> Spot:
        return Spot("Reading room: 15", (0, 0), 12, x, y)

    assert sides([spot(0, 0)]) == ["right"]
    assert sides([spot(0, 0), spot(60, 0)]) == ["left", "right"]
    assert sides([spot(0, 0), spot(500, 500)]) == ["right", "right"]
    crowded = sides([spot(40 * column, 0) for column in range(3)])
    assert crowded == ["left", "top", "right"]


FIELDS = {
    "name": " Hall ",
    "capacity": "",
    "zone": "Europe/Berlin",
    "opens": "08:00",
    "closes": "",
    "empty_at": "04:00:00",
}
ROW = {"device": "door-1", "sign": "-1", "from": "2026-07-01 08:00", "to": ""}


def test_a_form_has_the_space_and_a_row_a_door_or_nothing() -> None:
    shown = text_of(form(described(), ["door-1"]))
    for said in ("<b>Hall</b>", "'Europe/Berlin'", "08:00", "04:00", "in leads out of it", "Remove this space"):
        assert said in shown, said
    assert "Remove" not in text_of(form(None, []))


def test_a_form_is_read_by_the_clock_of_the_space() -> None:
    found = filled(FIELDS, [ROW])
    assert (found.name, found.capacity) == ("Hall", None)
    assert found.hours == Hours("Europe/Berlin", time(8), None, time(4))
    assert found.doors == (Placing("door-1", -1, datetime(2026, 7, 1, 6, tzinfo=UTC), None),)


@pytest.mark.parametrize(
    ("fields", "row", "said"),
    [
        ({"name": " "}, {}, "Give the space a name"),
        ({"zone": "Mars"}, {}, "time zone"),
        ({"capacity": 0}, {}, "capacity"),
        ({"opens": "late"}, {}, "Opens: write an hour"),
        ({}, {"device": None}, "Choose the sensor"),
        ({}, {"from": ""}, "since when"),
        ({}, {"from": "soon"}, "write it as 2026-01-31 08:00"),
        ({}, {"to": "2026-06-01"}, "end it after it begins"),
    ],
)
def test_a_form_that_cannot_be_used_says_what_to_do(fields: dict[str, Any], row: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        filled(FIELDS | fields, [ROW | row])
