"""Top N as an analyst uses it: rank, export, compare, open a device."""

import re

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served

pytestmark = pytest.mark.browser


def test_rank_export_compare_and_open_a_device(page: Page, demo: Served) -> None:
    page.goto(f"{demo.url}/top?n=7&stat=max&from=now-15m")
    cells = page.locator("#top-grid .ag-center-cols-container .ag-row")
    expect(cells).to_have_count(7)
    expect(page.locator("#top-heading")).to_have_text("Highest max speed, last 15 minutes")
    expect(page.locator("#top-grid .wp-spark").first).to_be_attached()

    page.locator("[data-popover='download-top-table']").click()
    with page.expect_download() as saving:
        page.locator("#download-top-table [data-format='parquet']").click()
    assert saving.value.suggested_filename == "speed-top-max.parquet"
    table = pd.read_parquet(saving.value.path())
    names = set(page.locator("#top-grid .wp-link").all_inner_texts())
    numbers = [float(text) for text in page.locator("#top-grid .wp-top-number").all_inner_texts()]
    assert len(table) == len(names) == 7
    assert names & set(table["device_id"]), "the demo plays on, but not that fast"
    assert numbers == sorted(numbers, reverse=True)
    assert abs(table["value"].max() - max(numbers)) < 30, "km/h in both; the demo plays on"

    page.locator("#top-stat").click()
    page.get_by_role("option", name="Distance travelled").click()
    expect(page.locator("#top-heading")).to_have_text("Highest distance travelled, last 15 minutes")
    expect(page).to_have_url(re.compile(r"stat=distance"))
    page.locator("#top-grid .wp-link").first.click()
    expect(page).to_have_url(re.compile(r"/device/[^/?]+\?from=now-15m"))
    name = page.url.split("/device/")[1].partition("?")[0]
    expect(page.locator("#device-head")).to_contain_text(name)


def test_an_address_that_cannot_be_used_gives_the_page_and_says_why(page: Page, demo: Served) -> None:
    page.goto(f"{demo.url}/top?metric=<script>alert(1)</script>&stat=best&n=9999&from=yesterday&to=now")
    problem = page.locator(".wp-failed").first
    expect(problem).to_contain_text("No metric is called “<script>alert(1)</script>”")
    expect(problem).to_contain_text("n is a whole number from 1 to 500, not “9999”")
    expect(page.locator(".wp-period-problem")).to_contain_text("“from” is no moment: yesterday")
    expect(page.locator("#top-grid .wp-link").first).to_be_visible()
