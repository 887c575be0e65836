"""Parts of the History page that are no figures: its controls, its notices, and what people wrote."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import icon
from components.names import cut_name, device_link
from components.quantities import quantity
from components.states import empty
from core.text import shorten
from db.annotations import LONGEST_TEXT
from db.queries.annotations import Annotation
from db.queries.rows import Device, Metric
from pages.history import _ids as ids
from pages.history._asked import MOST_DEVICES, MOST_METRICS


def device_options(found: Sequence[Device], chosen: Sequence[str]) -> list[dict[str, str]]:
    """What the picker of devices offers: those found, and those chosen, without which it could not show them."""
    labels = {device.name: _device_words(device) for device in found}
    names = dict.fromkeys([*chosen, *labels])
    return [{"value": name, "label": labels.get(name, shorten(name, 40))} for name in names if name]


def _device_words(device: Device) -> str:
    name = shorten(device.name, 40)
    return f"{name} · {shorten(device.label, 30)}" if device.label and device.label != device.name else name


def device_picker(options: list[dict[str, str]], chosen: Sequence[str]) -> Component:
    """Devices as chips; typing searches the registry."""
    control: Component = dmc.MultiSelect(
        id=ids.DEVICES,
        data=unique(options),
        value=list(chosen),
        searchable=True,
        clearable=True,
        hidePickedOptions=True,
        maxValues=MOST_DEVICES,
        placeholder="Add devices" if not chosen else "",
        nothingFoundMessage="No device is called so",
        size="sm",
        className="wp-history-devices",
        **aria(label=f"Devices, at most {MOST_DEVICES}"),
    )
    return control


def unique(options: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Each value once: Mantine draws nothing at all where one is there twice."""
    return list({option["value"]: option for option in options}.values())


def metric_chooser(metrics: Sequence[Metric], chosen: Sequence[str]) -> Component:
    """Metrics as chips."""
    control: Component = dmc.MultiSelect(
        id=ids.METRICS,
        data=[{"value": metric.name, "label": shorten(quantity(metric).label, 40)} for metric in metrics],
        value=list(chosen),
        searchable=True,
        hidePickedOptions=True,
        maxValues=MOST_METRICS,
        placeholder="Add metrics" if not chosen else "",
        nothingFoundMessage="No metric is called so",
        size="sm",
        className="wp-history-metrics",
        **aria(label=f"Metrics, at most {MOST_METRICS}"),
    )
    return control


def notices(problems: Sequence[str]) -> list[Component]:
    """What of the address could not be shown; each a sentence."""
    return [html.P([icon("triangle-alert"), html.Span(problem)], className="wp-notice") for problem in problems]


def nobody_chosen(suggested: Sequence[Device]) -> Component:
    """What stands where no device is chosen: why, and what to do."""
    if not suggested:
        return empty(
            "No device has sent anything yet",
            "As soon as one has, you can choose it here. The Pipeline page shows what is received.",
            dcc.Link("Open Pipeline", href="/pipeline", className="wp-button"),
            picture="inbox",
        )
    buttons = [
        html.Button(
            shorten(device.name, 24),
            type="button",
            title=device.name,
            className="wp-button",
            **data(history="add", device=device.name),
        )
        for device in suggested
    ]
    return empty(
        "Choose devices to see what happened",
        "Type a name above, or begin with one of those heard last.",
        html.Div(buttons, className="wp-suggested"),
        picture="route",
    )


def annotate_button(may_write: bool) -> Component:
    """Begins an annotation; for those who may not, a way to sign in."""
    if may_write:
        return html.Button(
            "Annotate",
            type="button",
            title="Write what happened, over a span or at a moment",
            className="wp-button wp-button-flat",
            **data(history="annotate"),
        )
    return dcc.Link(
        "Annotate",
        href="/sign-in?next=/history",
        title="Analysts and admins can annotate: sign in",
        className="wp-button wp-button-flat",
    )


def draft(devices: Sequence[Device]) -> Component:
    """The form of a new annotation; assets/history/history.js shows it and says what it is about."""
    about = [{"value": "", "label": "All devices"}, *device_options(devices, [])]
    return html.Div(
        [
            dcc.Store(id=ids.DRAFT),
            html.Div(
                [
                    html.Span("", id=ids.DRAFT_WORDS, className="wp-draft-words", role="status"),
                    html.Button("What is in view", type="button", className="wp-button", **data(history="view")),
                ],
                className="wp-draft-line",
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id=ids.DRAFT_TEXT,
                        placeholder="What happened",
                        size="sm",
                        inputProps={"maxLength": LONGEST_TEXT},
                        className="wp-draft-text",
                        **aria(label="What happened"),
                    ),
                    dmc.Select(
                        id=ids.DRAFT_DEVICE,
                        data=unique(about),
                        value="",
                        allowDeselect=False,
                        size="sm",
                        className="wp-draft-device",
                        **aria(label="About which device"),
                    ),
                    html.Button("Save", id=ids.DRAFT_SAVE, type="button", className="wp-button wp-button-main"),
                    html.Button("Cancel", type="button", className="wp-button", **data(history="annotate")),
                ],
                className="wp-draft-line",
            ),
            html.P("", id=ids.DRAFT_SAID, className="wp-draft-said", role="alert"),
        ],
        className="wp-draft",
        hidden=True,
    )


def mark_rows(marks: Sequence[Annotation], zone: tzinfo, *, author: str | None, is_admin: bool) -> list[Component]:
    """What people wrote about what is in view, the newest first; what one may remove has a button for it."""
    return [
        html.Li(
            [
                html.Div(
                    [
                        html.Span(mark.text, className="wp-mark-text"),
                        html.Span(_about(mark, zone), className="wp-mark-about"),
                    ],
                    className="wp-mark-words",
                ),
                *([_remove(mark)] if is_admin or (author is not None and author == mark.author) else []),
            ],
            className="wp-mark-row",
        )
        for mark in marks
    ]


def _about(mark: Annotation, zone: tzinfo) -> list[Any]:
    start = mark.start.astimezone(zone)
    words = f"{start.day} {start:%b %H:%M:%S}"
    if mark.end is not None:
        end = mark.end.astimezone(zone)
        words += f" to {end:%H:%M:%S}" if end.date() == start.date() else f" to {end.day} {end:%b %H:%M:%S}"
    about: list[Any] = [words, " · ", cut_name(mark.author, 24)]
    if mark.device is not None:
        about += [" · ", device_link(mark.device, 24)]
    return about


def _remove(mark: Annotation) -> Component:
    return html.Button(
        icon("x"),
        id=ids.remove_id(mark.id),
        type="button",
        title="Remove",
        className="wp-tool",
        n_clicks=0,
        **aria(label=f"Remove “{shorten(mark.text, 40)}”"),
    )
