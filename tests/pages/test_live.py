from typing import Any

import pytest

from pages.live import _ids as ids
from pages.live._card import card
from pages.live._empty import empty
from pages.live._panel import panel
from pages.live._tools import wall
from tests.pages.test_summary import parts_of, words


def command_of(component: Any) -> str | None:
    """The command that an empty state offers."""
    found = [words(part) for part in parts_of(component) if getattr(part, "id", None) == ids.EMPTY_COMMAND]
    return found[0] if found else None


def test_without_a_source_it_says_how_to_start_with_one() -> None:
    shown = empty([], demo=False, python=".venv/bin/python")
    assert "No source is set" in words(shown)
    assert command_of(shown) == "WAYPOST_SOURCES=zmq://127.0.0.1:5556 .venv/bin/python app.py"


def test_with_a_source_on_this_machine_it_says_how_to_play_buses_there() -> None:
    shown = empty(["zmq://127.0.0.1:7000?source=x"], demo=False, python="python")
    assert "listens to zmq://127.0.0.1:7000." in words(shown)
    assert command_of(shown) == "python app.py publish transit-austin-2015 --start 11h --to zmq://127.0.0.1:7000"


@pytest.mark.parametrize("source", ["zmq://10.1.1.1:7000", "mqtt://joe:secret@localhost/x?password=secret"])
def test_where_nobody_here_can_publish_there_is_no_command_and_never_a_secret(source: str) -> None:
    shown = empty([source], demo=False, python="python")
    assert "Waypost listens to" in words(shown)
    assert command_of(shown) is None
    assert "secret" not in words(shown)


def test_the_demo_needs_no_command() -> None:
    assert command_of(empty([], demo=True, python="python")) is None


def test_what_the_browser_shows_of_alerts_is_hidden_until_it_knows_of_any() -> None:
    parts = {getattr(part, "id", None): part for whole in (panel(), card(), wall()) for part in parts_of(whole)}
    assert (parts[ids.ALERTED].hidden, parts[ids.card_part("in-alert")].hidden) == (True, True)
    assert words(parts[ids.ALERTED]) == "– in alert"
    assert parts[ids.CARD_ALERT].href == "/alerts"
    counts = [part for part in parts_of(wall()) if getattr(part, "className", None) == "wp-wall-count"]
    assert [(words(one), getattr(one, "hidden", False)) for one in counts] == [
        ("– Moving", False),
        ("– Stopped", False),
        ("– Silent", False),
        ("– In alert", True),
    ]
