"""Ids of the live page. `assets/live/*.js` and `assets/2*-live*.css` know them by these very names."""

from typing import Final

PAGE: Final = "live-page"
MAP: Final = "live-map"
LAYER: Final = "live-layer"
SELECTED: Final = "live-selected"
"""dcc.Store with the name of the selected device, or None."""

PANEL: Final = "live-panel"
PANEL_BODY: Final = "live-panel-body"
PANEL_FOLD: Final = "live-panel-fold"
HANDLE: Final = "live-handle"
TOTAL: Final = "live-total"
TOTAL_WORD: Final = "live-total-word"
ANNOUNCER: Final = "live-announcer"
SEARCH: Final = "live-search"
FILTERS: Final = "live-filters"
FILTERS_OPEN: Final = "live-filters-open"
FILTERS_COUNT: Final = "live-filters-count"
FLEET: Final = "live-fleet"
KIND: Final = "live-kind"
METRIC: Final = "live-metric"
LEAST: Final = "live-least"
MOST: Final = "live-most"
UNLOCATED: Final = "live-unlocated"
ALERTED: Final = "live-filter-alerted"
ALERTED_COUNT: Final = "live-count-alerted"
CLEAR: Final = "live-clear"
SORT: Final = "live-sort"
IN_VIEW: Final = "live-in-view"
LIST: Final = "live-list"
LIST_NOTE: Final = "live-list-note"

EMPTY_COMMAND: Final = "live-empty-command"
EMPTY_COPY: Final = "live-empty-copy"

CARD: Final = "live-card"
CARD_SEVERAL: Final = "live-card-several"
CARD_OPEN: Final = "live-card-open"
CARD_FOLLOW: Final = "live-card-follow"
CARD_ISOLATE: Final = "live-card-isolate"
CARD_SHARE: Final = "live-card-share"
CARD_ALERT: Final = "live-card-alert"
CARD_CLOSE: Final = "live-card-close"
CARD_FACTS: Final = "live-card-facts"
CARD_SPARK: Final = "live-card-spark"

TOOLS: Final = "live-tools"
LAYERS: Final = "live-layers"
COLOUR: Final = "live-colour"
TRAILS: Final = "live-trails"
JUMP: Final = "live-jump"
JUMP_FIELD: Final = "live-jump-field"
JUMP_NOTE: Final = "live-jump-note"
KEYS: Final = "live-keys"
KEYS_LIST: Final = "live-keys-list"
LEGEND: Final = "live-legend"
MESSAGE: Final = "live-message"
KIOSK: Final = "live-kiosk"


def state_filter(state: str) -> str:
    """Id of the button that shows only the devices of a state."""
    return f"live-filter-{state}"


def state_count(state: str) -> str:
    """Id of the number of devices of a state."""
    return f"live-count-{state}"


def card_part(part: str) -> str:
    """Id of a part of the card that the browser fills: name, label, glyph, state, age, speed, heading and so on."""
    return f"live-card-{part}"


def tool(name: str) -> str:
    """Id of a button of the toolbar."""
    return f"live-tool-{name}"


def shows(name: str) -> str:
    """Id of the switch of something that the map can show."""
    return f"live-shows-{name}"


def kiosk_part(part: str) -> str:
    """Id of a part of the wall screen that the browser fills: clock, date, total and the states."""
    return f"live-kiosk-{part}"


MACHINE: Final = "live-machine"
"""The time machine."""


def machine(part: str) -> str:
    """Id of a part of the time machine."""
    return f"{MACHINE}-{part}"
