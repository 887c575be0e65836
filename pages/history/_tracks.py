"""The map of History: where the devices were that the chart shows."""

from typing import Any

from dash import Input, Output, callback
from dash.exceptions import PreventUpdate

from components.context import shared, store
from components.refresh import waiting
from components.shared import LARGE
from components.states import empty
from core.errors import StoreUnavailable
from db.queries.rows import Span, Track
from pages.history import _figures as draw
from pages.history import _ids as ids
from pages.history._asked import zoom_of
from pages.history._load import load_tracks


@callback(
    Output(ids.TRACKS, "data"),
    Output(ids.MAP_COVER, "children"),
    Input(ids.VIEW, "data"),
    running=waiting(ids.PAGE, "tracks"),
)
def show_tracks(view: dict[str, Any] | None) -> tuple[Any, Any]:
    """Where the devices were that the chart shows, over the same span: asked after it, so that it need not wait."""
    if not view:
        raise PreventUpdate
    names = [name for name in view.get("devices", []) if isinstance(name, str)]
    span = zoom_of(view)
    if not names or span is None:
        return {"key": "", "tracks": []}, None
    try:
        tracks = _tracks(tuple(names), span)
    except StoreUnavailable:
        raise PreventUpdate from None  # the banner of the chart says so
    tones = [names.index(name) for name, _ in tracks]
    made = draw.tracks_data(tracks, tones, str(view.get("key", "")))
    cover = None if made["tracks"] else empty("No places", "They sent no positions in this span.", picture="route")
    return made, cover


def _tracks(names: tuple[str, ...], span: Span) -> list[tuple[str, Track]]:
    def load() -> list[tuple[str, Track]]:
        with store().connect() as connection:
            return load_tracks(connection, names, span)

    return shared().get(("tracks", names, span), load, size=LARGE)
