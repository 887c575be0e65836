"""Every text colour is readable on every ground that it stands on, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "assets" / "00-tokens.css"
TEXTS = ("text", "muted")
GROUNDS = ("page", "surface", "hover", "selected")


def tokens(scheme: str) -> dict[str, str]:
    """The hex colours of a scheme: dark overrides what light says."""
    css = TOKENS.read_text(encoding="utf-8")
    light, dark = css.split('[data-mantine-color-scheme="dark"]', 1)
    found = dict(re.findall(r"--wp-([\w-]+):\s*(#[0-9a-fA-F]{6})", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--wp-([\w-]+):\s*(#[0-9a-fA-F]{6})", dark))
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio between two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_on_its_grounds(scheme: str, text: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "text, ground", [("accent-text", "accent-soft"), ("accent-text", "surface"), ("on-accent", "accent")]
)
def test_accent_as_text(scheme: str, text: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "text, ground", [("alert", "surface"), ("alert", "page"), ("alert", "hover"), ("on-alert", "alert")]
)
def test_alert_as_text(scheme: str, text: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sign", ["accent", "moving", "silent"])
def test_signs_on_the_surface(scheme: str, sign: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[sign], colours["surface"]) >= 3
