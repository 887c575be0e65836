"""Ids of the Summary page."""

from typing import Final

PAGE: Final = "summary"
METRIC: Final = "summary-metric"
BANNER: Final = "summary-banner"
FIGURES: Final = "summary-figures"
CHART: Final = "summary-chart"
CHART_HEADING: Final = "summary-chart-heading"
CHART_NOTE: Final = "summary-chart-note"
TOP: Final = "summary-top"
TOP_HEADING: Final = "summary-top-heading"
TOP_NOTE: Final = "summary-top-note"
TABLE: Final = "summary-table"
