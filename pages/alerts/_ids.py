"""Ids of the Alerts page."""

import json
from collections.abc import Mapping
from typing import Any, Final

PAGE: Final = "alerts"
STATE: Final = "alerts-state"
RULE: Final = "alerts-rule"
SEVERITY: Final = "alerts-severity"
SUBJECT: Final = "alerts-subject"
NEW: Final = "alerts-new"
SPACE: Final = "alerts-space"
DEVICE: Final = "alerts-device"
PERIOD: Final = "alerts-period"
BANNER: Final = "alerts-banner"
PROBLEMS: Final = "alerts-problems"
SAID: Final = "alerts-said"
FIGURES: Final = "alerts-figures"
HEADING: Final = "alerts-heading"
TABLE: Final = "alerts-table"
NOTE: Final = "alerts-note"
LOOKED: Final = "alerts-looked"
NEWER: Final = "alerts-newer"
OLDER: Final = "alerts-older"
NEXT: Final = "alerts-next"
BEHIND: Final = "alerts-behind"
CHANGED: Final = "alerts-changed"

SEE_ALL: Final = "alerts-see-all"
SEE: Final = "alerts-see"
"""Takes the ids of the alerts to acknowledge, with commas between."""
SEEN: Final = "alerts-seen"
SEE_DIALOG: Final = "alerts-see-dialog"
SEE_WHAT: Final = "alerts-see-what"
SEE_NOTE: Final = "alerts-see-note"
SEE_SAVE: Final = "alerts-see-save"
SEE_PROBLEM: Final = "alerts-see-problem"

RULES: Final = "alerts-rules"
OPEN: Final = "alerts-open"
"""Takes what the dialog of rules is to be opened with, as `asking` writes it."""
TURN: Final = "alerts-turn"
"""Takes which rule is to be switched on or off, as `asking` writes it."""
DIALOG: Final = "alerts-dialog"
FORM: Final = "alerts-form"
EDITED: Final = "alerts-edited"
UNIT: Final = "alerts-unit"
PREVIEW: Final = "alerts-preview"
SAVE: Final = "alerts-save"
REMOVE: Final = "alerts-remove"
PROBLEM: Final = "alerts-problem"

MAP: Final = "alerts-map"
LAYER: Final = "alerts-layer"
FENCES: Final = "alerts-fences"
FENCE_LIST: Final = "alerts-fence-list"
FENCE_OPEN: Final = "alerts-fence-open"
"""Takes which geofence is to be drawn anew; NEW_FENCE for another one."""
NEW_FENCE: Final = "new"
DRAFT: Final = "alerts-draft"
FENCE_FORM: Final = "alerts-fence-form"
FENCE_NAME: Final = "alerts-fence-name"
CORNERS: Final = "alerts-corners"
FENCE_HINT: Final = "alerts-fence-hint"
FENCE_CLOSE: Final = "alerts-fence-close"
FENCE_UNDO: Final = "alerts-fence-undo"
FENCE_SAVE: Final = "alerts-fence-save"
FENCE_REMOVE: Final = "alerts-fence-remove"
FENCE_CANCEL: Final = "alerts-fence-cancel"
FENCE_PROBLEM: Final = "alerts-fence-problem"


def field(name: str) -> dict[str, str]:
    """A field of the form of a rule."""
    return {"alerts-field": name}


def group(kind: str) -> dict[str, str]:
    """The fields of one kind of condition, or of one choice of whom."""
    return {"alerts-group": kind}


def asking(**what: object) -> str:
    """What a button asks for, as its `data-choose` holds it."""
    return json.dumps(what, ensure_ascii=False)


def asked(value: object) -> Mapping[str, Any]:
    """What was asked for; nothing where the text is none of ours."""
    try:
        found = json.loads(value) if isinstance(value, str) and value else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
