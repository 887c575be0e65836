"""Units: exact by definition, and an unknown one is named together with those that are known."""

import pytest

from core.units import length_factor, speed_factor


@pytest.mark.parametrize(
    ("unit", "per_hour"),
    [("km/h", 1000.0), ("kmh", 1000.0), ("mph", 1609.344), ("kn", 1852.0), ("knots", 1852.0), ("m/s", 3600.0)],
)
def test_an_hour_at_one_unit_of_speed_goes_its_defined_metres(unit: str, per_hour: float) -> None:
    assert speed_factor(unit) * 3600 == pytest.approx(per_hour, rel=1e-15)


def test_a_foot_is_0_3048_m() -> None:
    assert length_factor("ft") == 0.3048
    assert length_factor("m") == 1


def test_an_unknown_unit_of_speed_is_refused_with_those_known() -> None:
    with pytest.raises(ValueError, match=r"'furlong'.*km/h.*mph.*kn"):
        speed_factor("furlong")


def test_an_unknown_unit_of_length_is_refused_with_those_known() -> None:
    with pytest.raises(ValueError, match=r"'mile'.*m, ft"):
        length_factor("mile")
