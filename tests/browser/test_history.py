"""The History page, as an analyst uses it."""

import csv
import itertools
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.conftest import Browse
from tests.browser.screen import eventually

pytestmark = pytest.mark.browser

CURSORS = ".wp-history-map path.wp-history-cursor"


def admin_password(waypost: Served) -> str:
    """As it was printed at the first start."""
    found = re.search(r"Admin password: +(\S+)", waypost.said())
    assert found is not None
    return found[1]


def plot_box(page: Page) -> dict[str, float]:
    """Where the panels are drawn."""
    plot = page.locator(".wp-panels .nsewdrag").first
    expect(plot).to_be_visible()
    plot.scroll_into_view_if_needed()
    box: Any = plot.bounding_box()
    assert box is not None
    found: dict[str, float] = box
    return found


def drag(page: Page, begin: float, end: float) -> None:
    """Drag over a part of the panels, from 0 to 1."""
    box = plot_box(page)
    page.mouse.move(box["x"] + box["width"] * begin, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + 62, steps=5)
    page.mouse.up()


def test_an_analyst_picks_zooms_compares_and_exports_what_is_shown(page: Page, browse: Browse, demo: Served) -> None:
    first, second = demo.long_out()[:2]
    page.goto(f"{demo.url}/history?from=now-30m")
    expect(page.locator(".wp-blank-title").first).to_have_text("Choose devices to see what happened")
    box = page.get_by_role("textbox", name="Devices, at most 10")
    for name in (first, second):
        box.fill(name)
        page.get_by_role("option", name=re.compile(rf"^{name}\b")).click()
    expect(page.locator(".wp-history .wp-legend")).to_contain_text(second)
    expect(page).to_have_url(re.compile(rf"device={first}&device={second}"))
    expect(page.locator(".wp-panels .ytick").first).to_be_visible()
    expect(page.locator(".wp-brush path").nth(1)).to_be_attached()

    drag(page, 0.7, 0.9)
    expect(page).to_have_url(re.compile(r"zoom="))
    expect(page.locator(".wp-brush-in")).to_be_attached()
    once = page.url
    drag(page, 0.3, 0.7)
    expect(page).not_to_have_url(once)
    finest = page.url
    expect(page.locator("#history-note")).to_contain_text(re.compile(r"every (1|2|5) s"))
    page.locator(".wp-history-out").click()
    expect(page).not_to_have_url(finest)
    expect(page).to_have_url(re.compile(r"zoom="))
    page.go_back()
    expect(page).not_to_have_url(re.compile(r"zoom="))
    expect(page.locator(".wp-brush-in")).not_to_be_attached()
    expect(page.locator(".wp-history .wp-legend")).to_contain_text(second)

    page.get_by_label("Compare with before").check()
    expect(page.locator(".wp-history .wp-legend")).to_contain_text("dashed")
    expect(page).to_have_url(re.compile("compare=1"))
    page.get_by_label("Compare with before").uncheck()

    other = browse()
    other.goto(finest)
    expect(other.locator(".wp-brush-in")).to_be_attached()
    expect(other.locator(".wp-panels .ytick").first).to_be_visible()
    other.locator("[data-popover='download-history']").click()
    with other.expect_download() as waiting:
        other.locator("[data-download='history'][data-format='csv']").click()
    with waiting.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    zoom = re.search(r"zoom=([^~&]+)%7E([^&]+)|zoom=([^~&]+)~([^&]+)", finest)
    assert zoom is not None
    assert {row["device_id"] for row in rows} <= {first, second}
    assert {(row["metric"], row["unit"]) for row in rows} <= {("speed", "km/h")}
    drawn = other.evaluate(
        "() => document.querySelector('.wp-panels .js-plotly-plot').data.filter((one) => one.meta)"
        ".flatMap((one) => one.y.filter((value) => value !== null)).sort((a, b) => a - b)"
    )
    assert drawn == pytest.approx(sorted(float(row["mean"]) for row in rows), rel=1e-3)


def test_chart_map_and_overview_share_their_cursor(page: Page, demo: Served) -> None:
    name = demo.long_out()[0]
    page.goto(f"{demo.url}/history?device={name}&metric=speed&metric=heading&from=now-30m")
    expect(page.locator(".wp-history-map path.wp-history-end")).to_be_attached()
    shares = itertools.cycle((0.9, 0.8, 0.6, 0.5))  # where it has not moved, the chart has a gap

    def pointed() -> bool:
        box, share = plot_box(page), next(shares)
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 50)
        page.mouse.move(box["x"] + box["width"] * (share + 0.01), box["y"] + 52)
        page.wait_for_timeout(200)
        return page.locator(CURSORS).count() == 1

    eventually(page, "the place to be marked on the map", pointed)
    page.mouse.move(5, 5)
    expect(page.locator(CURSORS)).to_have_count(0)
    eventually(page, "the place to be marked once more", pointed)
    expect(page.locator(".wp-brush-cursor")).to_have_attribute("visibility", "visible")
    end = page.locator(".wp-history-map path.wp-history-end").bounding_box()
    assert end is not None
    page.mouse.move(end["x"] - 30, end["y"] - 30)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=3)
    expect(page.locator(".wp-panels .hoverlayer .hovertext, .wp-panels .hoverlayer .legend").first).to_be_attached()
    expect(page.locator(CURSORS)).to_have_count(1)

    brush = page.get_by_role("slider", name=re.compile("Part of the period"))
    brush.focus()
    brush.press("+")
    expect(page).to_have_url(re.compile(r"zoom="))
    brush.press("Escape")
    expect(page).not_to_have_url(re.compile(r"zoom="))


def test_who_may_annotates_a_span_and_removes_it_again(page: Page, demo: Served) -> None:
    name = demo.long_out()[0]
    page.goto(f"{demo.url}/history?device={name}&from=now-30m")
    page.get_by_role("link", name="Annotate").click()
    page.locator("input[type=password]").fill(admin_password(demo))
    page.locator("form[data-sign-in] button[type=submit]").click()
    expect(page).to_have_url(re.compile(rf"/history\?.*device={name}"))
    expect(page).to_have_url(re.compile("from=now-30m"))
    expect(page.locator(".wp-panels .ytick").first).to_be_visible()
    page.get_by_role("button", name="Annotate").click()
    drag(page, 0.6, 0.8)
    expect(page.locator("#history-draft-words")).to_contain_text(" to ")
    expect(page).not_to_have_url(re.compile(r"zoom="))
    page.get_by_label("What happened").fill("<b>Detour</b>")
    page.get_by_role("button", name="Save").click()
    row = page.locator(".wp-mark-row", has_text="<b>Detour</b>")
    expect(row).to_contain_text("admin")
    expect(page.locator(".wp-panels .shape-label").first).to_be_attached()
    row.get_by_role("button", name=re.compile("Remove")).click()
    expect(row).to_have_count(0)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("device=%3Cscript%3Ealert(1)%3C/script%3E", "No device is called “<script>alert(1)</script>”"),
        ("device=nobody&metric=';DROP TABLE device;--&zoom=x&from=now&to=now-1h", "cannot be read"),
        ("&".join(f"device=d{n}&metric=m{n}" for n in range(100)), "At most 10 devices fit here"),
    ],
)
def test_an_address_edited_by_hand_gives_a_page_with_a_message(page: Page, demo: Served, query: str, said: str) -> None:
    page.goto(f"{demo.url}/history?{query}")
    expect(page.locator(".wp-notices, .wp-period-problem").filter(has_text=said).first).to_be_visible()
    expect(page.locator(".wp-blank-title").first).to_have_text("Choose devices to see what happened")
