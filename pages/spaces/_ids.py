"""Ids of the Spaces page."""

from typing import Final

PAGE: Final = "spaces"
SPACE: Final = "spaces-space"
BANNER: Final = "spaces-banner"
TILES: Final = "spaces-tiles"
CHOSEN: Final = "spaces-chosen"
ACTIONS: Final = "spaces-actions"
FIGURES: Final = "spaces-figures"
CHART: Final = "spaces-chart"
CHART_HEADING: Final = "spaces-chart-heading"
CHART_NOTE: Final = "spaces-chart-note"
DRIFT: Final = "spaces-drift"
HEAT: Final = "spaces-heat"
HEAT_NOTE: Final = "spaces-heat-note"
DOORS: Final = "spaces-doors"
MAP: Final = "spaces-map"
PLACES: Final = "spaces-places"
CHANGED: Final = "spaces-changed"
SAID: Final = "spaces-said"

DIALOG: Final = "spaces-dialog"
FORM: Final = "spaces-form"
PROBLEM: Final = "spaces-problem"
ROWS: Final = "spaces-rows"
ADD_DOOR: Final = "spaces-add-door"
SAVE: Final = "spaces-save"
REMOVE: Final = "spaces-remove"
CHOSEN_NAME: Final = "spaces-chosen-name"
COUNTED: Final = {"spaces-counted": "now"}


def act(what: str) -> dict[str, str]:
    """A button that does something: new, edit, count, reconcile."""
    return {"spaces-act": what}


def field(name: str) -> dict[str, str]:
    """A field of the form."""
    return {"spaces-field": name}


def door(row: object, name: str) -> dict[str, object]:
    """A field of a door's row in the form."""
    return {"spaces-door": row, "field": name}
