"""A viewer of the live map whose frames are spoiled, and two who ask for different things."""

import re

import pytest
from playwright.sync_api import WebSocketRoute

from tests.app.process import Served
from tests.browser.conftest import Browse
from tests.browser.faults import Faults
from tests.browser.screen import device_alone, eventually, open_map, point_of, state

pytestmark = pytest.mark.browser

DOWNTOWN = "at=30.26700,-97.74300,15"


def test_a_malformed_frame_is_refused_and_the_page_goes_on(browse: Browse, faults: Faults, demo: Served) -> None:
    page = browse()
    faults.allow("live frame refused")
    lines: list[WebSocketRoute] = []

    def between(route: WebSocketRoute) -> None:
        lines.append(route)
        server = route.connect_to_server()
        server.on_message(route.send)

    page.route_web_socket(re.compile("/api/v1/live"), between)
    open_map(page, demo)
    eventually(page, "the map to be live", lambda: state(page)["connection"] == "live")
    assert state(page)["refused"] == 0
    # Only a line that the page still listens to: one that was slow to open it may have given up.
    before, spoiled = state(page)["snapshots"], lines[-1]
    spoiled.send(b"WP\x02\x02 this is no frame")
    eventually(page, "the frame to be refused", lambda: state(page)["refused"] == 1)
    eventually(
        page, "the map to be live again", lambda: state(page)["connection"] == "live" and lines[-1] is not spoiled
    )
    eventually(page, "a whole picture anew", lambda: state(page)["snapshots"] > before)
    assert point_of(page, device_alone(page, demo)) is not None


def test_two_users_see_each_what_they_ask_for(browse: Browse, demo: Served) -> None:
    one, other = browse(), browse(color_scheme="dark")
    open_map(one, demo, f"?state=stopped&{DOWNTOWN}")
    open_map(other, demo, "?q=bus-22&colour=value")
    eventually(other, "buses of their search", lambda: 0 < state(other)["visible"] < 60)
    eventually(one, "stopped buses of a part of the town", lambda: state(one)["held"] < state(one)["total"])
    assert (state(one)["only"], state(other)["only"]) == ("stopped", None)
    assert (state(one)["colour"], state(other)["colour"]) == ("state", "speed")
    assert state(one)["box"] is not None
    assert state(other)["box"] is None
