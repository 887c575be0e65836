"""The Alerts page as pure functions: geofences, and outlines as text."""

from dataclasses import replace

import pytest

from auth.roles import ANYONE
from core.alert_conditions import Geofence
from core.site import Tiles
from db.queries.alerts import Fence
from pages.alerts import _ids as ids
from pages.alerts._fences import corners_of, corners_text, fence_card, fence_list, outlines
from pages.alerts._filled import Unusable
from tests.pages.alert_rows import (
    ANALYST,
    NOW,
    SQUARE,
    stored,
)


def test_corners_are_read_as_they_are_written() -> None:
    assert corners_of(corners_text(SQUARE)) == list(SQUARE)
    assert corners_of("48.15, 11.57\n\n -3;4 \n+5.5\t190.25") == [(48.15, 11.57), (-3.0, 4.0), (5.5, 190.25)]
    assert corners_text([(48.1234567, -0.1)]) == "48.123457, -0.1"


@pytest.mark.parametrize("text", ["48.15", "48.15, 11.57, 3", "north, east", "1e5, 3", "48.15 N 11.57 E"])
def test_a_line_that_is_no_corner_is_named(text: str) -> None:
    with pytest.raises(Unusable, match="Line 2 is no corner"):
        corners_of(f"1, 2\n{text}")
    with pytest.raises(Unusable, match="Draw an outline"):
        corners_of(None)


def test_the_card_of_geofences_has_a_map_and_a_form_that_is_hidden_until_somebody_draws() -> None:
    made = fence_card(Tiles(None, ""), [])
    assert "waypost.fences.mount" in str(made)
    assert made[ids.FENCE_FORM].hidden is True
    assert made[ids.CORNERS].value == ""
    assert [getattr(made[one], "disabled", None) for one in (ids.FENCE_CLOSE, ids.FENCE_UNDO)] == [None, None]


def test_geofences_say_who_watches_them_and_who_may_change_them() -> None:
    fence = Fence(1, "Depot", SQUARE, "b", NOW)
    watching = stored(Geofence(geofence="Depot", where="outside"))
    shown = str(fence_list([fence], [watching, stored()], ANALYST))
    assert "watched by 1 rule'" in shown
    assert '"fence": "Depot"' in shown
    assert "Edit" not in str(fence_list([replace(fence, author="x")], [], ANALYST))
    assert "no rule watches it" in str(fence_list([fence], [], ANYONE))
    assert "No geofence is drawn yet" in str(fence_list([], [], ANYONE))
    assert outlines([fence]) == [{"name": "Depot", "corners": [list(corner) for corner in SQUARE]}]
