"""How a callback or a layout reaches the database: through the server that it runs in, not through a global."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dash

if TYPE_CHECKING:
    from components.shared import SharedAnswers
    from core.site import Site
    from db.store import Store


def store() -> "Store":
    """The store that app.py put on the server. Works in layouts and callbacks, in any thread."""
    found: Store = dash.get_app().server.state.store  # type: ignore[no-untyped-call]  # Dash gives it no types
    return found


def site() -> "Site":
    """The runtime settings as they are now. Works in layouts and callbacks, in any thread."""
    return store().site.current


def shared() -> "SharedAnswers":
    """The answers that viewers of the same panel share."""
    found: SharedAnswers = dash.get_app().server.state.shared  # type: ignore[no-untyped-call]
    return found


def ingest_status() -> Callable[[], dict[str, Any]] | None:
    """What asks the ingest of this process how it is; None where it runs in others."""
    found: Callable[[], dict[str, Any]] | None = dash.get_app().server.state.ingest_status  # type: ignore[no-untyped-call]
    return found
