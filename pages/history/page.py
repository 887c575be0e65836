"""History: any metrics of any devices over any span, what they did then, and what people wrote about it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, ctx, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from auth.callbacks import known_visitor
from auth.roles import ANYONE, Role
from components.context import shared, store
from components.download import download_id
from components.panels import panels_height, panels_id
from components.period import period_id, span_of
from components.refresh import answer, answer_id, no_answer, tick_id, waiting
from components.shared import LARGE, shared_period
from components.states import UNAVAILABLE, empty, failed
from components.units import UNITS, chosen_units
from core.errors import BadPeriod, StoreUnavailable
from db.queries.devices import devices_called, list_devices, list_last_heard
from db.queries.latest import newest_of
from db.queries.metrics import list_metrics
from db.queries.rows import Span
from pages.history import _figures as draw
from pages.history import _ids as ids
from pages.history import _parts as parts
from pages.history import _tracks, _writing  # noqa: F401 - their callbacks are those of this page
from pages.history._asked import Asked, read_address, unknown_words, zoom_data, zoom_of
from pages.history._frame import frame
from pages.history._load import Picked, Picture, load_picture, pick, with_news

dash.register_page(__name__, path="/history", name="History", title="History · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_SUGGESTED = 5
_FOUND = 20
_LATE = timedelta(minutes=2)


def layout(
    device: object = None, metric: object = None, zoom: object = None, compare: object = None, **_other: object
) -> Component:
    """The frame with skeletons; what of the address cannot be shown is told above it."""
    asked = read_address(device, metric, zoom, compare)
    try:
        with store().connect() as connection:
            picked = pick(connection, asked.devices, asked.metrics)
            every = list_metrics(connection)
            suggested = list_last_heard(connection, limit=_SUGGESTED)
            found = list_devices(connection, limit=_FOUND)
        who = known_visitor() or ANYONE
    except StoreUnavailable:
        text = "The database does not answer. Load this page again in a moment."
        return html.Div(failed(text), className="wp-page")
    problems = [*asked.problems, *_unknown(picked)]
    return frame(
        picked,
        asked,
        every=every,
        offered=[*picked.devices, *suggested, *found],
        suggested=suggested,
        who=who,
        problems=problems,
    )


def _unknown(picked: Picked) -> list[str]:
    pairs = (("device", picked.unknown_devices), ("metric", picked.unknown_metrics))
    return [unknown_words(kind, list(names)) for kind, names in pairs if names]


clientside_callback(
    ClientsideFunction("waypostHistory", "changed"),
    Output(ids.CONTROLS, "data"),
    Input(ids.DEVICES, "value"),
    Input(ids.METRICS, "value"),
    Input(ids.COMPARE, "checked"),
    Input(ids.ZOOM, "data"),
)
clientside_callback(
    ClientsideFunction("waypostHistory", "period"),
    Output(ids.ZOOM, "data"),
    Input(period_id(ids.PAGE), "data"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("waypostHistory", "answered"),
    Input(ids.OVERVIEW, "data"),
    Input(ids.VIEW, "data"),
    State("chart-theme", "data"),
)
clientside_callback(
    ClientsideFunction("waypostHistory", "tracked"),
    Input(ids.TRACKS, "data"),
    State("chart-theme", "data"),
)
clientside_callback(ClientsideFunction("waypostHistory", "written"), Input(ids.WRITTEN, "data"))


clientside_callback(
    ClientsideFunction("waypostHistory", "offer"),
    Output(ids.DEVICES, "data"),
    Input(ids.FOUND, "data"),
    State(ids.DEVICES, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(ids.FOUND, "data"),
    Input(ids.DEVICES, "searchValue"),
    prevent_initial_call=True,
)
def search(text: object) -> list[dict[str, str]]:
    """Devices whose name or label holds what was typed."""
    wanted = text if isinstance(text, str) and "\0" not in text else ""
    try:
        with store().connect() as connection:
            found = list_devices(connection, search=wanted[:200] or None, limit=_FOUND)
    except StoreUnavailable:
        raise PreventUpdate from None
    return parts.device_options(found, [])


@callback(
    output={
        "problems": Output(ids.PROBLEMS, "children"),
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "chart": Output(panels_id(ids.CHART, "figure"), "data"),
        "cover": Output(panels_id(ids.CHART, "cover"), "children"),
        "box": Output(panels_id(ids.CHART, "box"), "style"),
        "legend": Output(ids.LEGEND, "children"),
        "note": Output(ids.NOTE, "children"),
        "overview": Output(ids.OVERVIEW, "data"),
        "view": Output(ids.VIEW, "data"),
        "marks": Output(ids.MARKS, "children"),
        "download": Output(download_id(ids.CHART), "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "device_names": Input(ids.DEVICES, "value"),
        "metric_names": Input(ids.METRICS, "value"),
        "compare": Input(ids.COMPARE, "checked"),
        "zoom": Input(ids.ZOOM, "data"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "units": Input(UNITS, "data"),
        "written": Input(ids.WRITTEN, "data"),
        "drawn": State(ids.VIEW, "data"),
    },
    running=waiting(ids.PAGE),
)
def show(
    *,
    _tick: int | None,
    device_names: object,
    metric_names: object,
    compare: object,
    zoom: object,
    chosen: object,
    units: object,
    written: int | None,
    drawn: object,
) -> dict[str, Any]:
    """Ask for all that is drawn and draw it; while the database is away the last picture stays, under a banner.

    A refresh of what is over is not drawn again, if it is what the page shows: the answer to an earlier question may be
    lost, as Dash drops the one that is asked anew meanwhile.
    """
    if chosen is None:
        raise PreventUpdate  # the browser has not read the address yet
    now = datetime.now(UTC)
    asked = read_address(device_names, metric_names, None, "1" if compare else None)
    try:
        period = shared_period(chosen, now)
    except BadPeriod as error:
        return _kept() | {"problems": parts.notices([str(error)]), "answer": answer(now, None)}
    part = zoom_of(zoom)
    asks_for = repr((asked, part, chosen, units, written))
    if isinstance(drawn, dict) and drawn.get("asks_for") == asks_for and _is_over(part or span_of(period), now):
        return _kept() | _heard(asked.devices, now)
    try:
        with store().connect() as connection:
            picked = pick(connection, asked.devices, asked.metrics)
            if not picked.devices or not picked.metrics:
                return _nothing(picked, asked, list_last_heard(connection, limit=_SUGGESTED), now)
            whole = span_of(period)
        picture = _picture(picked, whole, part or whole, compare=asked.compare)
        with store().connect() as connection:
            picture = with_news(connection, picture)
        who = known_visitor() or ANYONE
    except StoreUnavailable:
        return _kept() | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    names = [device.name for device in picked.devices]
    key = draw.view_key(names, part, f"{period.from_} {period.to}")
    view = picture.view
    return {
        "problems": parts.notices([*asked.problems, *_unknown(picked)])
        if ctx.triggered_id != tick_id(ids.PAGE)
        else no_update,
        "banner": None,
        "answer": answer(now, picture.newest),
        "chart": draw.history_figure(picture, chosen_units(units), revision=f"{key}\n{metric_names}"),
        "cover": None if draw.has_values(picture) else _no_values(part is not None),
        "box": {"height": f"{panels_height(len(picked.metrics))}px"},
        "legend": draw.legend(picture),
        "note": draw.note(picture),
        "overview": draw.overview(picture, chosen_units(units)),
        "view": {**(zoom_data(view) or {}), "devices": names, "key": key, "asks_for": asks_for},
        "marks": parts.mark_rows(picture.marks, period.zone, author=who.name, is_admin=who.may(Role.ADMIN))
        or [html.Li("Nobody has written anything about what is in view.", className="wp-mark-none")],
        "download": draw.download(picture, chosen_units(units)),
    }


def _picture(picked: Picked, whole: Span, view: Span, *, compare: bool) -> Picture:
    """What everyone who looks at the same shares."""

    def load() -> Picture:
        with store().connect() as connection:
            return load_picture(connection, picked, whole, view, compare=compare)

    devices = tuple(device.id for device in picked.devices)
    key = ("history", devices, picked.metrics, whole, view, compare)
    return replace(shared().get(key, load, size=LARGE), picked=picked)


def _is_over(view: Span, now: datetime) -> bool:
    """Whether nothing new can come into view, but for what is very late: a refresh need not ask for it all again."""
    return view.end < now - _LATE


def _heard(names: Sequence[str], now: datetime) -> dict[str, Any]:
    """How new the data of these devices is."""
    try:
        with store().connect() as connection:
            ids_ = [device.id for device in devices_called(connection, names)]
            return {"answer": answer(now, newest_of(connection, ids_))}
    except StoreUnavailable:
        return {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}


def _nothing(picked: Picked, asked: Asked, suggested: Sequence[Any], now: datetime) -> dict[str, Any]:
    problems = [*asked.problems, *_unknown(picked)]
    return _kept() | {
        "problems": parts.notices(problems),
        "banner": None,
        "answer": answer(now, None),
        "cover": parts.nobody_chosen(suggested),
        "legend": [],
        "note": "",
        "view": {"devices": []},
        "marks": [],
        "download": None,
    }


def _no_values(zoomed: bool) -> Component:
    what = "They sent no such values in this span."
    return empty(
        "Nothing to draw",
        f"{what} Zoom out, or choose a longer period."
        if zoomed
        else f"{what} Choose a longer period, or other metrics.",
        picture="inbox",
    )


def _kept() -> dict[str, Any]:
    return dict.fromkeys(
        (
            "problems",
            "banner",
            "answer",
            "chart",
            "cover",
            "box",
            "legend",
            "note",
            "overview",
            "view",
            "marks",
            "download",
        ),
        no_update,
    )
