"""What may be a geofence."""

import pytest

from core.geofences import Corner, area, check_corners

SQUARE: list[Corner] = [(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0)]


def test_the_area_is_that_of_the_polygon_whichever_way_its_corners_go_round() -> None:
    assert area(SQUARE) == area(SQUARE[::-1]) == 4.0


@pytest.mark.parametrize(
    ("name", "corners"),
    [
        ("", SQUARE),
        ("a\nb", SQUARE),
        ("depot", SQUARE[:2]),
        ("depot", [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]),
        ("depot", [*SQUARE, (91.0, 0.0)]),
        ("depot", [*SQUARE, (0.0, -181.0)]),
        ("depot", [*SQUARE, (float("nan"), 0.0)]),
        ("depot", [(0.0, n / 10) for n in range(501)]),
    ],
)
def test_what_is_no_geofence_is_refused_in_a_sentence(name: str, corners: list[Corner]) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        check_corners(name, corners)


def test_one_over_the_date_line_goes_on_beyond_180_degrees() -> None:
    check_corners("strait", [(-1.0, 179.0), (1.0, 179.0), (1.0, 181.0)])
