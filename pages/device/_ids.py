"""Ids of the Device page."""

from typing import Final

from pages.device._journey import CLASSES

PAGE: Final = "device"
NAME: Final = "device-name"
METRIC: Final = "device-metric"
BANNER: Final = "device-banner"
PROBLEMS: Final = "device-problems"
HEAD: Final = "device-head"
FIGURES: Final = "device-figures"
MAP: Final = "device-map"
TRACK: Final = "device-track"
LINES: Final = tuple(f"device-track-{kind}" for kind in range(CLASSES + 1))
START: Final = "device-start"
END: Final = "device-end"
LEGEND: Final = "device-legend"
MAP_COVER: Final = "device-map-cover"
EXTENT: Final = "device-extent"
PLACES: Final = "device-places"
TRIPS: Final = "device-trips"
TRIPS_NOTE: Final = "device-trips-note"
CHART: Final = "device"
CHART_NOTE: Final = "device-chart-note"
VALUES: Final = "device-values"
QUALITY: Final = "device-quality"
HISTORY: Final = "device-history"
