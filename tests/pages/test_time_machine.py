"""The bar of the time machine offers what its player knows."""

import re
from pathlib import Path

from pages.live import _time_machine as machine

LIVE = Path(__file__).resolve().parents[2] / "assets" / "live"


def test_speeds_and_windows_are_those_of_the_browser() -> None:
    [speeds] = re.findall(r"const SPEEDS = \[([\d, ]+)\]", (LIVE / "94-player.js").read_text())
    [spans] = re.findall(r"const SPANS_H = \[([\d, ]+)\]", (LIVE / "96-time-machine.js").read_text())
    assert tuple(map(int, speeds.split(","))) == machine.SPEEDS
    assert tuple(map(int, spans.split(","))) == tuple(hours for hours, _ in machine.SPANS)
