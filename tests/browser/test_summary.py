"""The Summary page: figures, controls that stand in the address, and refreshing that disturbs nothing."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.conftest import Browse
from tests.browser.screen import asks_of_callbacks, eventually, fleets_mean

pytestmark = pytest.mark.browser

NUMBER = re.compile(r"^-?\d[\d\u2009.]*$")
_WATCH_SHIFTS = """() => {
    window.__shifts = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) {
            const names = one.sources.map((source) => source.node && (source.node.className || source.node.nodeName));
            window.__shifts.push([one.value, names.join()]);
        }
    }).observe({ type: "layout-shift", buffered: true });
}"""

# Ask each second instead of each five.
_HURRY = """() => window.waypost.refresh.choose("summary", { mode: "interval", everyS: 1 })"""

_NOTE_WHAT_IS_PRESSED = """() => document.addEventListener("pointerdown", (event) => {
    window.__pressed = event.target;
}, true)"""
_MIDDLE = """(selector) => {
    const box = document.querySelector(selector).getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""


def open_summary(page: Page, waypost: Served, query: str = "") -> None:
    """Open the page and wait for its first answer."""
    page.goto(f"{waypost.url}/summary{query}")
    expect(page.locator("#summary-figures .wp-figure-value").first).to_be_visible()


def figures(page: Page) -> dict[str, str]:
    """The figures by their labels."""
    cards = page.locator("#summary-figures .wp-figure")
    labels = cards.locator(".wp-figure-label").all_inner_texts()
    return dict(zip(labels, cards.locator(".wp-figure-value").all_inner_texts(), strict=True))


def test_the_figures_are_numbers_that_agree_with_the_api(page: Page, demo: Served) -> None:
    open_summary(page, demo)
    shown = figures(page)
    assert list(shown) == ["Mean", "Min", "Max", "Last", "Values", "Devices reporting"]
    assert all(NUMBER.match(value) for value in shown.values()), shown
    found = demo.get("/api/v1/summary?metric=speed")
    assert abs(float(shown["Mean"]) - found["mean"] * 3.6) < 3, "km/h on the page, m/s in the API"
    assert int(shown["Values"].replace("\u2009", "")) == pytest.approx(found["n"], rel=0.05)
    assert int(shown["Devices reporting"]) >= 100

    groups = page.locator("#summary-groups tbody tr")
    eventually(
        page, "groups that agree", lambda: f"{figures(page)['Devices reporting']} of" in groups.first.inner_text()
    )
    expect(page.locator("#summary-groups .wp-cell-bar").first).to_be_visible()


def test_window_and_metric_stand_in_the_address_which_opens_the_same(page: Page, browse: Browse, demo: Served) -> None:
    open_summary(page, demo)
    heading = page.locator("#summary-chart-heading")
    expect(heading).to_have_text("Speed of the fleet, last hour")
    page.locator(".wp-period-open").click()
    page.get_by_role("button", name="Last 15 minutes").click()
    expect(heading).to_have_text("Speed of the fleet, last 15 minutes")
    expect(page).to_have_url(f"{demo.url}/summary?from=now-15m")
    page.get_by_role("tab", name="Heading").click()
    expect(heading).to_have_text("Heading of the fleet, last 15 minutes")
    expect(page).to_have_url(re.compile(r"metric=heading"))
    expect(page.locator("#summary-figures")).to_contain_text("°")

    other = browse()
    other.goto(page.url)
    expect(other.locator("#summary-chart-heading")).to_have_text("Heading of the fleet, last 15 minutes")
    expect(other.get_by_role("tab", name="Heading")).to_have_attribute("aria-selected", "true")
    expect(other.locator(".wp-period-label")).to_have_text("Last 15 minutes")


def test_the_table_lists_every_metric_and_a_click_chooses_it(page: Page, demo: Served) -> None:
    open_summary(page, demo, "?from=now-6h")
    metrics = demo.get("/api/v1/metrics")["metrics"]
    rows = page.locator("#summary-table tbody tr")
    expect(rows).to_have_count(len(metrics))
    buttons = page.locator("#summary-table [data-choose]")
    assert [one.get_attribute("data-choose") for one in buttons.all()] == [metric["metric"] for metric in metrics]
    expect(rows.filter(has_text="Altitude")).to_have_attribute("data-none", "")  # the demo has none
    page.locator("#summary-table [data-choose='altitude']").click()
    expect(page.get_by_role("tab", name="Altitude")).to_have_attribute("aria-selected", "true")
    expect(rows.filter(has_text="Altitude")).to_have_attribute("aria-selected", "true")
    cover = fleets_mean(page).locator(".wp-chart-cover")
    expect(cover).to_contain_text("No altitude in this period")
    cover.get_by_role("button", name="Show twice as long").click()
    expect(cover).to_contain_text("last 12 hours")
    expect(page).to_have_url(re.compile("from=now-12h"))


def test_a_click_that_a_refresh_falls_into_is_not_lost(page: Page, demo: Served) -> None:
    open_summary(page, demo)
    page.locator("#summary-table").scroll_into_view_if_needed()
    page.evaluate(_NOTE_WHAT_IS_PRESSED)
    x, y = page.evaluate(_MIDDLE, "#summary-table [data-choose='heading']")
    page.mouse.move(x, y)
    page.mouse.down()
    eventually(page, "the row to be made anew", lambda: page.evaluate("() => !window.__pressed.isConnected"))
    page.mouse.up()
    expect(page.get_by_role("tab", name="Heading")).to_have_attribute("aria-selected", "true")


def test_pausing_asks_nothing_more_until_it_goes_on(page: Page, demo: Served) -> None:
    asked = asks_of_callbacks(page)
    open_summary(page, demo)
    page.evaluate(_HURRY)
    before = len(asked)
    eventually(page, "the page to ask again by itself", lambda: len(asked) > before + 1)
    page.get_by_role("button", name="Pause refreshing").click()
    expect(page.get_by_role("button", name="Go on refreshing")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#live-indicator")).to_contain_text("Paused")
    page.wait_for_timeout(500)  # a question may have been under way
    before = len(asked)
    page.wait_for_timeout(3000)
    assert len(asked) == before, "a paused page asked the server"
    page.get_by_role("button", name="Go on refreshing").click()
    eventually(page, "the page to ask again", lambda: len(asked) > before)


def test_a_refresh_keeps_the_chart_and_shifts_nothing(page: Page, demo: Served) -> None:
    page.add_init_script(f"({_WATCH_SHIFTS})()")
    open_summary(page, demo)
    expect(page.locator(".wp-graph .ytick").first).to_be_visible()
    page.evaluate("() => { document.querySelector('.js-plotly-plot').__mine = true; }")
    values, newest = figures(page)["Values"], fleets_mean(page).locator(".main-svg").first
    drawn = newest.inner_html()
    eventually(page, "more values", lambda: figures(page)["Values"] != values)
    eventually(page, "a chart drawn anew", lambda: newest.inner_html() != drawn)
    assert page.evaluate("() => document.querySelector('.js-plotly-plot').__mine") is True, "the chart was made anew"
    shifts = page.evaluate("() => window.__shifts")
    assert sum(value for value, _ in shifts) < 0.01, f"the page jumped: {shifts}"
