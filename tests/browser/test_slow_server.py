"""Pages of a server that is slower than they refresh, or whose answer is lost: they are drawn all the same."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served

pytestmark = pytest.mark.browser

# What asks for %s waits for four seconds each time, as a server would take that long for it.
_HOLD_UP = """() => {
    const fetch = window.fetch.bind(window);
    const holds = (options) => options && typeof options.body === "string" && options.body.includes(%s);
    const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    window.held = 0;
    window.fetch = async (url, options) => {
        if (!holds(options)) return fetch(url, options);
        window.held += 1;
        await later(4000);
        return fetch(url, options);
    };
}"""
# What answers %s is thrown away on its way, until a refresh asks for it: Dash is told that there is nothing new.
_LOSE_UNTIL_A_REFRESH = """() => {
    const fetch = window.fetch.bind(window);
    window.lost = 0;
    window.fetch = async (url, options) => {
        const answer = await fetch(url, options);
        const isIt = options && typeof options.body === "string" && options.body.includes(%s);
        if (!isIt || JSON.parse(options.body).changedPropIds.some((id) => id.endsWith(".n_intervals"))) return answer;
        window.lost += 1;
        return new Response(null, { status: 204 });
    };
}"""


def before_loading(page: Page, script: str, part: str) -> None:
    """Have the page run a script before its own; `part` is what the body of the request in question holds."""
    page.add_init_script(f"({script % json.dumps(part)})()")


def test_what_takes_longer_than_the_interval_is_drawn_though_the_rest_of_the_page_is_quick(
    page: Page, demo: Served
) -> None:
    before_loading(page, _HOLD_UP, "summary-chart-heading")
    page.add_init_script("localStorage.setItem('waypost-refresh', JSON.stringify({summary: {everyS: 1}}))")
    page.goto(f"{demo.url}/summary")
    expect(page.locator("#summary-chart-heading")).to_have_text("Speed of the fleet, last hour", timeout=30_000)
    assert page.evaluate("() => window.held") >= 1


def test_an_answer_that_is_lost_is_asked_for_anew_though_the_period_is_over(page: Page, demo: Served) -> None:
    before_loading(page, _LOSE_UNTIL_A_REFRESH, "history-view.data")
    page.goto(f"{demo.url}/history?device={demo.long_out()[0]}&metric=speed&from=now-20m&to=now-10m")
    expect(page.locator(".wp-panels .ytick").first).to_be_visible()
    assert page.evaluate("() => window.lost") >= 1
