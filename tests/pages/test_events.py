"""What the Events page and a device's timeline draw of rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dash.development.base_component import Component

from components.events import data_text, event_table, moment_path
from components.paging import shown_note
from core.period import parse_period
from db.queries.events import Event, Filter, Page, State
from pages.device import _timeline as timeline
from pages.events import _parts as draw

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PERIOD = parse_period("now-1h", "now", now=NOW, zone=UTC)
HOSTILE = '<img src=x onerror="alert(1)">'


def minutes(count: float) -> datetime:
    """So many minutes before now."""
    return NOW - timedelta(minutes=count)


def event(before: float, kind: str, state: str | None = None, **more: Any) -> Event:
    """An event so many minutes ago."""
    machine = None if state is None else more.pop("machine", "door")
    known = {"label": None, "marks": (), "data": None, "device": "door-3"} | more
    return Event(
        id=round(before * 10),
        ts=minutes(before),
        received_at=minutes(before),
        type=kind,
        machine=machine,
        state=state,
        **known,
    )


def parts(component: Any) -> Iterator[Any]:
    """A component and all below it."""
    if isinstance(component, list | tuple):
        for one in component:
            yield from parts(one)
    elif isinstance(component, Component):
        yield component
        yield from parts(getattr(component, "children", None))


def text(component: Any) -> str:
    """All words of a component."""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return " ".join(filter(None, map(text, component)))
    return text(getattr(component, "children", "") or "") if isinstance(component, Component) else ""


def of_class(component: Any, name: str) -> list[Any]:
    """The parts that have a class."""
    return [one for one in parts(component) if name in str(getattr(one, "className", "")).split()]


def test_a_row_says_what_happened_where_when_and_what_is_wrong_and_leads_there() -> None:
    one = event(
        90, "door_open", "open", marks=("clock_jump", "repeat"), data={"by": "badge", "n": [1, 2]}, label="North door"
    )
    table = event_table([one], NOW)
    words = text(table)
    assert "door_open North door 1 h ago open Clock jump Repeat by: badge, n: [1,2]" in words
    links = [one.href for one in parts(table) if hasattr(one, "href")]
    assert links == ["/device/door-3?from=2026-11-25T10:00:00Z&to=2026-11-25T11:00:00Z", "/device/door-3"]
    assert "North door" not in text(event_table([one], NOW, of_one_device=True))
    assert "in 1 min" in text(event_table([event(-1.5, "x")], NOW))


def test_names_from_devices_stay_text() -> None:
    one = event(1, HOSTILE, HOSTILE, device=HOSTILE, machine=HOSTILE, data={HOSTILE: HOSTILE}, marks=("unheard of",))
    table = event_table([one], NOW)
    assert not [part for part in parts(table) if hasattr(part, "dangerously_allow_html")]
    assert moment_path(HOSTILE, NOW).startswith("/device/%3Cimg%20src%3Dx%20onerror%3D%22alert%281%29%22%3E?from=")
    assert data_text(one) == f"{HOSTILE}: {HOSTILE}"
    found = timeline.Timeline(HOSTILE, PERIOD.start, PERIOD.end, (), (one,), (one,), more=True, now=())
    drawn = timeline.draw_bands(found, PERIOD, NOW)
    assert of_class(drawn, "wp-band-mark")
    assert "%3Cimg" in next(
        one.href for one in parts(timeline.draw_list(found, NOW)) if "/events" in str(getattr(one, "href", ""))
    )


def test_the_filter_takes_only_what_can_be_asked() -> None:
    assert draw.asked_for("door_open", " van ", "repeat", PERIOD) == Filter(
        types=("door_open",), search="van", marks=("repeat",), marked=True, start=PERIOD.start
    )
    for odd in (None, "", 5, [1], {"a": 1}, "\0"):
        assert draw.asked_for(odd, odd, odd, PERIOD) == Filter(start=PERIOD.start)
    assert draw.asked_for(None, None, "any", PERIOD) == Filter(marked=True, start=PERIOD.start)
    past = parse_period("now-1d/d", "now-1d/d", now=NOW, zone=UTC)
    assert draw.asked_for(None, None, None, past).end == past.end


def test_an_empty_table_says_why_and_what_to_do() -> None:
    nothing = Page()
    never = draw.table(nothing, Filter(), PERIOD, NOW, any_at_all=False, origin="https://fleet.example")
    assert "No event has come yet" in text(never)
    assert 'curl -H "Authorization: Bearer $TOKEN" https://fleet.example/api/v1/ingest ' in text(never)
    narrow = draw.table(nothing, Filter(types=("x",)), PERIOD, NOW, any_at_all=True, origin="")
    assert "No event fits" in text(narrow)
    assert [one for one in parts(narrow) if getattr(one, "id", None) == {"events": "clear"}]
    quiet = draw.table(nothing, Filter(), PERIOD, NOW, any_at_all=True, origin="")
    assert "No event is of the last hour" in text(quiet)
    assert "Show twice as long" in text(quiet)
    assert shown_note([event(1, "x")] * 50, 2, more=True) == "101 to 150, and older ones"
    assert shown_note([event(1, "x")], 0, more=False) == "1 to 1, to the oldest"
    assert [one["value"] for one in draw.type_choices(["a"], "gone")] == ["a", "gone"]


def test_bands_follow_each_other_without_gaps_and_a_repeat_makes_no_new_one() -> None:
    moved = [
        event(50, "door_open", "open"),
        event(45, "door_open", "open", marks=("repeat",)),
        event(20, "door_close", "closed"),
    ]
    before = State("door", "closed", minutes(300))
    found = timeline.bands_of(moved, before, PERIOD.start, NOW)
    assert [(band.state, band.start, band.end, band.begun) for band in found] == [
        ("closed", PERIOD.start, minutes(50), minutes(300)),
        ("open", minutes(50), minutes(20), minutes(50)),
        ("closed", minutes(20), NOW, minutes(20)),
    ]
    assert [band.state for band in timeline.bands_of(moved, None, PERIOD.start, NOW)] == ["open", "closed"]
    assert timeline.bands_of([], before, PERIOD.start, NOW)[0].end == NOW


def test_each_machine_has_a_lane_with_its_marks_in_their_places() -> None:
    moved = (
        event(45, "door_open", "open"),
        event(30, "door_open", "open", marks=("repeat",)),
        event(15, "ignition_on", "on", machine="ignition"),
    )
    found = timeline.Timeline(
        "d", PERIOD.start, PERIOD.end, (State("lift", "up", minutes(100)),), moved, moved, more=False, now=()
    )
    drawn = timeline.draw_bands(found, PERIOD, NOW)
    assert [text(one) for one in of_class(drawn, "wp-lane-name")] == ["door", "ignition", "lift"]
    bands = of_class(drawn, "wp-band")
    assert [(one.style["left"], one.style["width"]) for one in bands] == [
        ("25.000%", "75.000%"),
        ("75.000%", "25.000%"),
        ("0.000%", "100.000%"),
    ]
    (mark,) = of_class(drawn, "wp-band-mark")
    assert mark.style == {"left": "50.000%"}
    assert "The device was in this state already" in mark.title
    assert bands[2].title == "lift is up, since 2026-11-25T10:20:00.000Z, for 1 h"
    assert text(of_class(drawn, "wp-lanes-axis")) == "11:00 11:15 11:30 11:45 12:00"


def test_bands_end_now_where_the_period_goes_on() -> None:
    period = parse_period("2026-11-25T11:00:00Z", "2026-11-25T13:00:00Z", now=NOW, zone=UTC)
    found = timeline.Timeline("d", period.start, period.end, (), (event(30, "x", "open"),), (), more=False, now=())
    (band,) = of_class(timeline.draw_bands(found, period, NOW), "wp-band")
    assert (band.style["left"], band.style["width"]) == ("25.000%", "25.000%")


def test_without_states_or_without_events_that_is_said() -> None:
    bare = timeline.Timeline("d", PERIOD.start, PERIOD.end, (), (), (event(5, "alarm"),), more=False, now=())
    assert "None of these events is one of a state machine" in text(timeline.draw_bands(bare, PERIOD, NOW))
    none = timeline.Timeline("d", PERIOD.start, PERIOD.end, (), (), (), more=False, now=())
    assert "Nothing happened" in text(timeline.draw_bands(none, PERIOD, NOW))
    assert timeline.draw_list(none, NOW) is None
    (now,) = timeline.draw_now([State("door", "open", minutes(3))], NOW)
    assert text(now) == "door:  open  for 3 min"
