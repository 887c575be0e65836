"""The card with a device's timeline: a part of its page with a question of its own, asked when the page asks."""

from datetime import UTC, datetime
from typing import Any

from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from components.cards import card
from components.context import store
from components.period import chosen_period, period_id
from components.refresh import tick_id, waiting
from core.errors import BadPeriod, StoreUnavailable
from db.queries.devices import get_device
from pages.device import _ids as ids
from pages.device import _timeline as draw


def timeline_card() -> Component:
    """The card with skeletons; the first answer fills it."""
    return card(
        "Timeline",
        html.Div(
            [
                html.Div(draw.waiting_bands(), id=draw.BANDS),
                html.Div(id=draw.LIST, className="wp-scroll", tabIndex="0"),
            ]
        ),
        aside=html.Div(id=draw.NOW, className="wp-states-now"),
        class_name="wp-timeline",
    )


@callback(
    output={
        "bands": Output(draw.BANDS, "children"),
        "list": Output(draw.LIST, "children"),
        "now": Output(draw.NOW, "children"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "name": State(ids.NAME, "data"),
    },
    running=waiting(ids.PAGE, "timeline"),
)
def show_timeline(_tick: int | None, chosen: object, name: str) -> dict[str, Any]:
    """Ask what happened to the device and draw it. While that cannot be asked the last picture stays: the page says
    why."""
    if chosen is None:
        raise PreventUpdate  # the browser has not read the address yet
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(("bands", "list", "now"), no_update)
    try:
        period = chosen_period(chosen, now)
        with store().connect() as connection:
            device = get_device(connection, name)
            if device is None:
                return kept
            found = draw.load_timeline(connection, device.id, name, period)
    except (BadPeriod, StoreUnavailable):
        return kept
    return {
        "bands": draw.draw_bands(found, period, now),
        "list": draw.draw_list(found, now),
        "now": draw.draw_now(found.now, now),
    }
