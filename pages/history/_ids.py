"""Ids of the History page."""

from typing import Final

PAGE: Final = "history"
DEVICES: Final = "history-devices"
FOUND: Final = "history-found"
"""Devices that a search found: options for the picker, {value, label}."""
METRICS: Final = "history-metrics"
COMPARE: Final = "history-compare"
ZOOM: Final = "history-zoom"
PROBLEMS: Final = "history-problems"
BANNER: Final = "history-banner"
LEGEND: Final = "history-legend"
NOTE: Final = "history-note"
CHART: Final = "history"
CONTROLS: Final = "history-controls"
"""An output for what the controls say: a callback without one is not called with the first values of a page."""
OVERVIEW: Final = "history-overview"
VIEW: Final = "history-view"
MAP: Final = "history-map"
TRACKS: Final = "history-tracks"
TRACK_LAYER: Final = "history-track-layer"
MAP_COVER: Final = "history-map-cover"
DRAFT: Final = "history-draft"
DRAFT_WORDS: Final = "history-draft-words"
DRAFT_TEXT: Final = "history-draft-text"
DRAFT_DEVICE: Final = "history-draft-device"
DRAFT_SAVE: Final = "history-draft-save"
DRAFT_SAID: Final = "history-draft-said"
WRITTEN: Final = "history-written"
MARKS: Final = "history-marks"
MARKS_SAID: Final = "history-marks-said"


def remove_id(annotation_id: object) -> dict[str, object]:
    """The button that removes an annotation."""
    return {"history-remove": annotation_id}
