"""What tests ask of the pages: the state of the live map, places on it, and waiting for something to become true."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Request, WebSocket, expect

from tests.app.process import Served

T = TypeVar("T")

# A track on a map, drawn: a class of values that no stretch of it has is a path without a place, at 0,0 of the map.
DRAWN_TRACK: Final = "path.wp-track[d^='M']:not([d='M0 0'])"

_MOST_ALONE = """(names) => {
    const places = names.map((name) => [name, window.waypost.live.pointOf(name)]).filter(([, at]) => at !== null);
    const free = (at) => at.x > 440 && at.x < 1060 && at.y > 110 && at.y < 820;
    const room = ([name, at]) => Math.min(...places.filter(([other]) => other !== name)
        .map(([, other]) => Math.hypot(at.x - other.x, at.y - other.y)));
    const alone = places.filter(([, at]) => free(at)).map((one) => [room(one), one[0]]).sort((a, b) => b[0] - a[0]);
    return alone.length > 0 ? alone[0][1] : null;
}"""


def eventually(page: Page, what: str, answer: Callable[[], T], seconds: float = 60.0) -> T:
    """The first true answer; the browser's events are handled meanwhile. Fails where none comes in time."""
    end = time.monotonic() + seconds
    while True:
        if found := answer():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        page.wait_for_timeout(100)


def open_map(page: Page, waypost: Served, query: str = "") -> None:
    """Open the live map and wait until devices are on it."""
    page.goto(f"{waypost.url}/{query}")
    expect(page.locator("#live-page")).to_have_attribute("data-phase", "ready")


def press_in_a_row(page: Page, first: str, second: str) -> None:
    """Two keys as quick as a person's, for those that count together.

    A driver presses the second only after the page has dealt with the first. Where the page was too busy with drawing
    for that (assets/shell/go.js waits 1.5 s), they are pressed anew.
    """
    for _ in range(10):
        begun = time.monotonic()
        page.keyboard.press(first)
        page.keyboard.press(second)
        if time.monotonic() - begun < 1.2:
            return
    raise AssertionError(f"the page never took {first} and {second} within 1.2 s")


def state(page: Page) -> dict[str, Any]:
    """What the live map says of itself."""
    found: dict[str, Any] = page.evaluate("() => window.waypost.live.state()")
    return found


def point_of(page: Page, name: str) -> dict[str, float] | None:
    """Where a device is drawn, in pixels of the window."""
    found: dict[str, float] | None = page.evaluate("(name) => window.waypost.live.pointOf(name)", name)
    return found


def device_alone(page: Page, waypost: Served) -> str:
    """A device on the free part of the map, with the most room round it."""
    names = [device["device_id"] for device in waypost.get("/api/v1/latest")["devices"]]
    found: str = eventually(page, "a device that can be pointed at", lambda: page.evaluate(_MOST_ALONE, names))
    return found


def click_device(page: Page, name: str) -> None:
    """Click a device on the map, where it is drawn now."""
    at = point_of(page, name)
    assert at is not None
    page.mouse.click(at["x"], at["y"])


def fleets_mean(page: Page) -> Locator:
    """The chart of Summary over time."""
    return page.get_by_role("img", name="The fleet's mean over time on a band from min to max")


def live_sockets(page: Page) -> list[WebSocket]:
    """The page's sockets to the live state, as they come to be opened."""
    sockets: list[WebSocket] = []

    def opened(socket: WebSocket) -> None:
        if urlsplit(socket.url).path == "/api/v1/live":
            sockets.append(socket)

    page.on("websocket", opened)
    return sockets


def still_open(sockets: list[WebSocket]) -> int:
    """How many of them are open."""
    return sum(not socket.is_closed() for socket in sockets)


def asks_of_callbacks(page: Page) -> list[str]:
    """Requests that ask the server to run a callback, as they are sent."""
    asked: list[str] = []

    def sent(request: Request) -> None:
        if "/_dash-update-component" in request.url:
            asked.append(request.url)

    page.on("request", sent)
    return asked
