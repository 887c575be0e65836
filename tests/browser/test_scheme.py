"""Light and dark: the system decides first, the toggle after that, and nothing flashes."""

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.conftest import Browse
from tests.browser.screen import eventually, open_map

pytestmark = pytest.mark.browser

# What is there to be painted in each frame from the first on: the scheme and the ground of the page.
_EACH_FRAME = """() => {
    window.__frames = [];
    const look = () => {
        const root = document.documentElement;
        if (document.body) {
            const ground = getComputedStyle(document.body).backgroundColor;
            window.__frames.push(`${root.getAttribute("data-mantine-color-scheme")} ${ground}`);
        }
        if (window.__frames.length < 90) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
# How many points of the devices' canvas have exactly this colour. A copy is read: reading the canvas itself slows it.
_POINTS_OF_COLOUR = """(colour) => {
    const [red, green, blue] = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
    const canvas = [...document.querySelectorAll(".wp-canvas")].pop();
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] === 255) found++;
    }
    return found;
}"""
MOVING = {"light": "#0c8599", "dark": "#3bc9db"}


def seen_in_frames(page: Page) -> set[str]:
    """What the first 90 frames had."""
    eventually(page, "90 frames", lambda: page.evaluate("() => window.__frames.length >= 90"))
    return set(page.evaluate("() => window.__frames"))


def test_it_follows_the_system_at_first(browse: Browse, demo: Served) -> None:
    page = browse(color_scheme="dark")
    page.goto(f"{demo.url}/no/such/page")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")


def test_the_toggle_survives_a_reload_without_a_flash_and_all_is_drawn_in_its_colours(
    browse: Browse, demo: Served
) -> None:
    page = browse(color_scheme="light")
    page.add_init_script(f"({_EACH_FRAME})()")
    open_map(page, demo)
    assert len(seen_in_frames(page)) == 1
    eventually(page, "arrows in the light colour", lambda: points(page, "light") > 500)
    assert points(page, "dark") == 0
    page.locator("#scheme-toggle").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    eventually(page, "arrows in the dark colour", lambda: points(page, "dark") > 500 and points(page, "light") == 0)

    page.reload()
    expect(page.locator("#live-page")).to_have_attribute("data-phase", "ready")
    frames = seen_in_frames(page)
    assert frames == {"dark rgb(18, 20, 22)"}, "another scheme was painted first"
    page.goto(f"{demo.url}/summary")
    assert seen_in_frames(page) == frames, "and so on another page"

    tick = page.locator(".wp-graph .ytick text").first
    expect(tick).to_be_visible()
    dark = tick.evaluate("(text) => getComputedStyle(text).fill")
    page.locator("#scheme-toggle").click()
    eventually(page, "a light chart", lambda: tick.evaluate("(text) => getComputedStyle(text).fill") != dark)
    assert page.locator(".wp-graph .bg").first.evaluate("(rect) => getComputedStyle(rect).fillOpacity") == "0"


def points(page: Page, scheme: str) -> int:
    """How many points of the canvas have the colour of a moving vehicle in a scheme."""
    found: int = page.evaluate(_POINTS_OF_COLOUR, MOVING[scheme])
    return found
