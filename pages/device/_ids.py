"""Ids of the Device page."""

from typing import Final

from pages.device._journey import CLASSES

PAGE: Final = "device"
NAME: Final = "device-name"
WINDOW: Final = "device-window"
METRIC: Final = "device-metric"
BANNER: Final = "device-banner"
HEAD: Final = "device-head"
FIGURES: Final = "device-figures"
MAP: Final = "device-map"
TRACK: Final = "device-track"
LINES: Final = tuple(f"device-track-{kind}" for kind in range(CLASSES))
START: Final = "device-start"
END: Final = "device-end"
LEGEND: Final = "device-legend"
TRACK_NOTE: Final = "device-track-note"
MAP_COVER: Final = "device-map-cover"
EXTENT: Final = "device-extent"
CHART: Final = "device-chart"
CHART_NOTE: Final = "device-chart-note"
