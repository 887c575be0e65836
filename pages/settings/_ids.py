"""Ids of the Settings page."""

from typing import Any, Final

PAGE: Final = "settings"
STACK: Final = "settings-stack"
"""dcc.Store with what was changed from this page, the newest last, for undo."""
BAR: Final = "settings-bar"
BAR_TEXT: Final = "settings-bar-text"
UNDO: Final = "settings-undo"
CLOSE: Final = "settings-bar-close"
GRID: Final = "settings-devices"
GRID_NOTE: Final = "settings-devices-note"
GRID_PROBLEM: Final = "settings-devices-problem"
SEARCH: Final = "settings-devices-search"
FLEET: Final = "settings-fleet"
PUT: Final = "settings-fleet-put"
AUDIT: Final = "settings-audit"
MORE: Final = "settings-audit-more"
SHOWN: Final = "settings-audit-shown"
"""dcc.Store with how many entries of the audit are shown."""


def field(name: Any) -> dict[str, Any]:
    """The control of a setting (`value`, `error`)."""
    return {"setting": name, "part": "control"}


def known(name: Any) -> dict[str, Any]:
    """dcc.Store with what the page last heard that a setting is, in the form of its control: that needs no saving."""
    return {"setting": name, "part": "known"}


def default(name: Any) -> dict[str, Any]:
    """The button that puts a setting back to its default."""
    return {"setting": name, "part": "default"}
