"""What the live map shows while no device has sent anything: why, and what to do. Pure functions."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from pages.live import _ids as ids

EXAMPLE_SETTING: Final = "WAYPOST_SOURCES=zmq://127.0.0.1:5556"
HERE: Final = ("127.0.0.1", "localhost", "::1")


def empty(sources: Sequence[str], *, demo: bool, python: str) -> Component:
    """What is shown while no device has sent anything: why, and a command that changes it.

    `sources` are the source URLs, `python` is how the interpreter is called in Waypost's folder.
    """
    title, text, command = _what_to_do([_bare(one) for one in sources], demo=demo, python=python)
    return html.Section(
        [
            html.H2(title, className="wp-empty-title"),
            html.P(text),
            *([] if command is None else _command(command)),
        ],
        className="wp-panel wp-empty-map",
        **aria(label="No data yet"),
    )


def _what_to_do(sources: Sequence[str], *, demo: bool, python: str) -> tuple[str, str, str | None]:
    """Title, text and command of the empty state."""
    nothing = "No device has sent anything yet"
    if demo:
        return nothing, "As soon as one does, it appears here by itself.", None
    if not sources:
        text = "Nothing can arrive without one. Stop Waypost, start it with one, and let your devices publish there:"
        return "No source is set", text, f"{EXAMPLE_SETTING} {python} app.py"
    listening = f"Waypost listens to {' and '.join(sources)}. What is sent there appears here by itself."
    here = next((one for one in sources if urlsplit(one).scheme == "zmq" and urlsplit(one).hostname in HERE), None)
    if here is None:
        return nothing, listening, None
    text = f"{listening} To see how, paste this into a terminal in Waypost's folder: it plays recorded buses."
    return nothing, text, f"{python} app.py publish transit-austin-2015 --start 11h --to {here}"


def _bare(source: str) -> str:
    """A source's transport, host and port: its options and passwords are not for everyone."""
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _command(command: str) -> list[Component]:
    copy = html.Button("Copy", id=ids.EMPTY_COPY, type="button", className="wp-action wp-action-first")
    return [
        html.Pre(command, id=ids.EMPTY_COMMAND, className="wp-command", tabIndex="0"),
        html.Div(copy, className="wp-actions"),
    ]
