"""Ids of the live page. `assets/live/*.js` and `assets/20-live.css` know them by these very names."""

from typing import Final

PAGE: Final = "live-page"
MAP: Final = "live-map"
LAYER: Final = "live-layer"
SELECTED: Final = "live-selected"
"""dcc.Store with the name of the selected device, or None."""

PANEL: Final = "live-panel"
PANEL_BODY: Final = "live-panel-body"
HANDLE: Final = "live-handle"
TOTAL: Final = "live-total"
TOTAL_WORD: Final = "live-total-word"
INDICATOR: Final = "live-panel-indicator"
ANNOUNCER: Final = "live-announcer"
SEARCH: Final = "live-search"
LIST: Final = "live-list"
LIST_NOTE: Final = "live-list-note"

EMPTY_COMMAND: Final = "live-empty-command"
EMPTY_COPY: Final = "live-empty-copy"

CARD: Final = "live-card"
CARD_OPEN: Final = "live-card-open"
CARD_FOLLOW: Final = "live-card-follow"
CARD_CLOSE: Final = "live-card-close"
CARD_FACTS: Final = "live-card-facts"


def state_filter(state: str) -> str:
    """Id of the button that shows only the devices of a state."""
    return f"live-filter-{state}"


def state_count(state: str) -> str:
    """Id of the number of devices of a state."""
    return f"live-count-{state}"


def card_part(part: str) -> str:
    """Id of a part of the card that the browser fills: name, label, glyph, state, age, speed, heading and so on."""
    return f"live-card-{part}"
