"""Ids of the Top N page."""

from typing import Final

PAGE: Final = "top"
METRIC: Final = "top-metric"
STAT: Final = "top-stat"
N: Final = "top-n"
ORDER: Final = "top-order"
FLEET: Final = "top-fleet"
BANNER: Final = "top-banner"
HEADING: Final = "top-heading"
NOTE: Final = "top-note"
GRID: Final = "top-grid"
GRID_COVER: Final = "top-grid-cover"
CHART: Final = "top-chart"
TABLE: Final = "top-table"
"""The download of the ranking."""
