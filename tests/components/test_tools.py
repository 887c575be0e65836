"""The parts that analysis pages share: the time picker, units, downloads."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from components.download import download_id, download_menu, download_of, shown_unit
from components.period import QUICK, chosen_period, longer, period_id, period_picker, span_of
from components.quantities import distance, quantity, speed
from core.errors import BadPeriod
from core.period import parse_period
from core.units import Units, factor_between, known_units
from db.queries.rows import Metric
from tests.pages.test_summary import parts_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
IMPERIAL = Units("mph", "ft")


def test_a_picker_has_its_stores_and_quick_choices_that_can_be_read() -> None:
    parts = parts_of(period_picker("summary", from_="now-24h"))
    own = [p.data for p in parts if getattr(p, "id", None) == {"period": "summary", "part": "own"}]
    assert own == [{"from": "now-24h", "to": "now"}]
    assert any(getattr(p, "id", None) == period_id("summary") for p in parts)
    offered = [(getattr(p, "data-from"), getattr(p, "data-to")) for p in parts if hasattr(p, "data-from")]
    assert offered == [(from_, to) for from_, to, _ in QUICK]
    assert all(parse_period(from_, to, now=NOW, zone=UTC) for from_, to in offered)
    assert getattr(longer(), "data-period") == "longer"


def test_what_the_store_holds_is_checked_again() -> None:
    period = chosen_period({"from": "now/d", "to": "now", "zone": "Asia/Tokyo"}, NOW)
    assert span_of(period).start == datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    given: list[object] = [None, [], {"from": 7}, {"from": "now", "to": "now-1h"}, {"from": "x" * 100}]
    for bad in given:
        with pytest.raises(BadPeriod):
            chosen_period(bad, NOW)


def test_quantities_follow_the_units_chosen() -> None:
    altitude = Metric(2, "altitude", "m", "Altitude", "position")
    wind = Metric(9, "wind", "m/s", "wind", "measurement")
    heading = Metric(3, "heading", "deg", "Heading", "position")
    shown = [(q.unit, q.text(10.0)) for q in (speed(IMPERIAL), quantity(altitude, IMPERIAL), quantity(wind, IMPERIAL))]
    assert shown == [("mph", "22.4"), ("ft", "32.8"), ("mph", "22.4")]
    assert (distance(IMPERIAL).unit, distance(IMPERIAL).text(1609.344)) == ("mi", "1")
    assert (distance().unit, distance().text(1500)) == ("km", "1.5")
    assert (speed().from_zero, quantity(wind).from_zero) == (True, False), "a wind may blow from behind"
    assert quantity(heading, IMPERIAL).circular


def test_units_of_a_browser_are_checked() -> None:
    assert known_units({"speed": "kn", "length": "furlong"}, Units()) == Units("kn", "m")
    assert known_units("mph", IMPERIAL) == IMPERIAL
    assert factor_between("m", "km") == 0.001
    with pytest.raises(ValueError, match="a value without a unit cannot be given in mph"):
        factor_between(None, "mph")


def test_a_download_asks_for_the_moments_that_are_shown() -> None:
    period = parse_period("now-1h", "now", now=NOW + timedelta(milliseconds=5), zone=UTC)
    named = {"metric": "a&b", "fleet": None, "device": ["x", "y"]}
    address = urlsplit(download_of("/api/v1/top", period, **named, **shown_unit(speed()))["url"])
    assert address.path == "/api/v1/top"
    assert parse_qs(address.query) == {
        "from": ["2026-11-23T08:00:00.005Z"], "to": ["2026-11-23T09:00:00.005Z"],
        "metric": ["a&b"], "device": ["x", "y"], "unit": ["km/h"],
    }  # fmt: skip
    assert shown_unit(quantity(Metric(3, "heading", "deg", "Heading", "position"))) == {}, "° is no unit of the API"
    parts = parts_of(download_menu("t", "Table", picture=False))
    assert [getattr(p, "data-format") for p in parts if hasattr(p, "data-format")] == ["csv", "parquet"]
    assert any(getattr(p, "id", None) == download_id("t") for p in parts)
