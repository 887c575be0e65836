"""Changes made from the page, and how they are taken back: plain dicts, for the browser keeps them."""

from collections.abc import Sequence
from typing import Any, Final

from auth.callbacks import visitor
from auth.roles import Role, Visitor
from components.states import NOT_DONE
from core.errors import StoreUnavailable
from db.naming import Renamed
from db.site import Changed
from pages.settings import _parts as draw

MOST: Final = 50
"""Steps that can be taken back."""
NO_ADMIN: Final = "Nothing was changed: your session has ended, or you are no admin. Sign in again."

Change = dict[str, Any]


def admin() -> Visitor:
    """The admin who asks. Raises PermissionError with what to say where it is none, or where that cannot be known."""
    try:
        who = visitor()
    except StoreUnavailable:
        raise PermissionError(NOT_DONE) from None
    if not who.may(Role.ADMIN):
        raise PermissionError(NO_ADMIN)
    return who


def of_setting(name: str, changed: Changed) -> Change:
    """A setting that was changed."""
    return {"setting": name, "before": changed.before, "said": draw.said(name, changed.before, changed.after)}


def of_devices(renamed: Sequence[Renamed]) -> Change:
    """Devices that were called otherwise, all in one go."""
    first = renamed[0]
    ((key, before),) = first.before.items()
    after = first.after[key]
    if len(renamed) == 1:
        said = f"{first.name}, {key}: {after or 'none'} now, was {before or 'none'}."
    else:
        said = f"{len(renamed)} devices are in the fleet {after or 'that each of them sends'} now."
    return {"devices": [[one.name, key, one.given[key]] for one in renamed], "said": said}


def pushed(stack: object, change: Change) -> list[Change]:
    """The stack with one change more. The browser may send anything for a stack."""
    known = [one for one in stack if isinstance(one, dict)] if isinstance(stack, list) else []
    return [*known, change][-MOST:]
