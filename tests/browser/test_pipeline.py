"""The Pipeline page: the account adds up, the quarantine can be looked into, and an admin has it decoded again."""

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Waypost, free_port
from tests.browser.conftest import DESKTOP, PHONE, Browse, Start
from tests.browser.faults import Faults
from tests.browser.screen import eventually
from tests.browser.test_access import checked

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
TOKEN = "wp_of_the_tests"
HOSTILE = '{"lat": 1, "note": "<img src=x onerror=alert(1)>"}'


def post(waypost: Waypost, *lines: str) -> None:
    """Give messages to the collector, as the source `gate`."""
    url = f"{waypost.url}/api/v1/ingest?source=gate"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(url, "\n".join(lines).encode(), headers)  # noqa: S310 - http, and ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
        assert answer.status == 200


def of_gate(waypost: Waypost) -> dict[str, Any]:
    """The account of that source."""
    sources = waypost.get("/api/v1/pipeline")["sources"]
    found: dict[str, Any] = next((one for one in sources if one["source"] == "gate"), {})
    return found


@pytest.fixture
def gate(start: Start, page: Page) -> Waypost:
    """A Waypost without other sources, that has room for one device, and messages that it cannot use."""
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN, MAX_DEVICES="1")
    post(waypost, '{"device_id": "first", "lat": 50, "lon": 8}')
    eventually(page, "the first device", lambda: of_gate(waypost).get("stored") == 1)
    post(waypost, '{"device_id": "second", "lat": 51, "lon": 8}', HOSTILE, *(f'{{"lat": {n}}}' for n in range(24)))
    eventually(page, "the quarantine", lambda: of_gate(waypost).get("quarantined") == 26)
    return waypost


def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Fill the form and send it by the keyboard."""
    field = page.get_by_label("Password", exact=True)
    field.fill(password)
    field.press("Enter")


def test_the_account_adds_up_and_the_flow_moves(page: Page, demo: Waypost) -> None:
    page.goto(f"{demo.url}/pipeline")
    row = page.locator("#pipeline-ledger tbody tr").first
    expect(row).to_contain_text("Yes")
    received, stored, duplicate, quarantined, in_flight = (
        int(re.sub(r"\D", "", text)) for text in row.locator("td").all_inner_texts()[:5]
    )
    assert received == stored + duplicate + quarantined + in_flight
    expect(page.locator("#pipeline-sources")).to_contain_text("Receiving")
    expect(page.locator(".wp-flow-edge-in")).to_contain_text(re.compile(r"[1-9]\d* /s"))
    expect(page.locator("#pipeline-jobs")).to_contain_text("Tick")
    expect(page.locator("#page-title")).to_have_text("Pipeline")
    expect(page.locator(".wp-rail a[aria-current=page]")).to_have_attribute("href", "/pipeline")
    eventually(page, "more messages", lambda: row.locator("td").first.inner_text() != str(received))


def test_a_group_is_opened_read_and_closed_and_the_address_keeps_it(gate: Waypost, page: Page, browse: Browse) -> None:
    page.goto(f"{gate.url}/pipeline")
    button = page.get_by_role("button", name="no device", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    panel = page.locator("#pipeline-panel")
    expect(panel.locator(".wp-kept-payload")).to_have_count(20)
    expect(page).to_have_url(f"{gate.url}/pipeline?group=no+device%7Cgate")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(panel.locator(".wp-kept-payload").first).to_have_text('{"lat": 23}')
    page.get_by_role("button", name="Show 20 more").click()
    expect(panel.locator(".wp-kept-payload")).to_have_count(25)
    expect(page.get_by_role("button", name="Show 20 more")).to_be_hidden()
    expect(panel.locator(".wp-kept-payload").last).to_have_text(HOSTILE)
    assert page.locator("#main img").count() == 0
    expect(page.get_by_role("button", name="Decode again")).to_be_disabled()

    other = browse(viewport=PHONE, has_touch=True, is_mobile=True)
    other.goto(page.url)
    expect(other.locator("#pipeline-panel .wp-kept-payload")).to_have_count(20)
    assert other.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]

    button.click()
    expect(panel.locator(".wp-kept-payload")).to_have_count(0)
    expect(page).to_have_url(f"{gate.url}/pipeline")


def test_reading_is_not_disturbed_by_refreshing(gate: Waypost, page: Page) -> None:
    page.goto(f"{gate.url}/pipeline?group=no+device%7Cgate")
    payload = page.locator(".wp-kept-payload").first
    expect(payload).to_have_text('{"lat": 23}')
    payload.evaluate("(element) => { element.__mine = true; }")
    post(gate, '{"lat": 77}')
    expect(page.locator("#pipeline-groups tr", has_text="no device")).to_contain_text("26")
    assert payload.evaluate("(element) => element.__mine === true"), "the messages were drawn anew under the reader"


def test_an_admin_signs_in_comes_back_and_decoding_again_stores_what_can_be_used(
    start: Start, gate: Waypost, page: Page, faults: Faults
) -> None:
    faults.allow("401")
    page.goto(f"{gate.url}/pipeline")
    reason = page.locator("#pipeline-groups button").filter(has_not_text="no device")
    reason.click()
    expect(page.locator(".wp-kept-payload")).to_contain_text("second")
    page.get_by_role("link", name="Sign in", exact=True).last.click()
    expect(page.locator("#page-title")).to_have_text("Sign in")
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("Name and password do not go together.")
    sign_in(page)
    expect(page).to_have_url(re.compile(r"/pipeline\?group="))
    expect(page.locator("#visitor")).to_have_attribute("title", "Signed in as admin")

    page.get_by_role("button", name="Decode again").click()
    expect(page.locator("#pipeline-said")).to_contain_text("1 is left here")
    assert of_gate(gate)["quarantined"] == 26
    group = page.url.partition("?")[2]
    page.goto("about:blank")  # a page that is open while its server ends says so in the console, as it should

    gate.__exit__()
    faults.allow("net::ERR_", "502", "request failed", "WebSocket")
    roomy = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN, MAX_DEVICES="100")
    page.goto(f"{roomy.url}/pipeline?{group}")
    page.get_by_role("button", name="Decode again").click()
    expect(page.locator("#pipeline-said")).to_contain_text("all of them could be used and are stored")
    expect(page.locator("#pipeline-panel")).to_contain_text("Nothing is left in this group")
    assert [device["device_id"] for device in roomy.get("/api/v1/latest")["devices"]] == ["first", "second"]
    account = of_gate(roomy)
    assert (account["received"], account["stored"], account["quarantined"]) == (27, 2, 25)

    page.locator("#visitor").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#visitor")).to_have_attribute("title", "Sign in")
    page.goto(f"{roomy.url}/pipeline?group=no+device%7Cgate")
    expect(page.get_by_role("button", name="Decode again")).to_be_disabled()


def test_a_callback_that_was_forged_changes_nothing(gate: Waypost, page: Page, faults: Faults) -> None:
    """Somebody who is not signed in enables the button by hand."""
    page.goto(f"{gate.url}/pipeline?group=no+device%7Cgate")
    button = page.get_by_role("button", name="Decode again")
    expect(button).to_be_disabled()
    page.evaluate("() => window.dash_clientside.set_props({ pipeline: 'again' }, { disabled: false })")
    button.click()
    expect(page.locator("#pipeline-said")).to_contain_text("sign in")
    assert all(group["again"] == 0 for group in gate.get("/api/v1/quarantine")["groups"])


def test_guessing_a_password_has_to_wait(gate: Waypost, page: Page, faults: Faults) -> None:
    faults.allow("401", "429")
    page.goto(f"{gate.url}/sign-in?next=https://evil.example/")
    for _ in range(5):
        with page.expect_response("**/api/v1/session"):
            sign_in(page, "wrong")
        expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("Too many tries. Try again in")


def test_signing_in_never_leads_to_another_site(gate: Waypost, page: Page) -> None:
    page.goto(f"{gate.url}/sign-in?next=https://evil.example/")
    sign_in(page)
    expect(page).to_have_url(f"{gate.url}/")


def test_a_source_that_cannot_be_reached_says_so(page: Page, start: Start) -> None:
    waypost = start(SOURCES=f"zmq://127.0.0.1:{free_port()}?source=quiet")
    page.goto(f"{waypost.url}/pipeline")
    expect(page.locator("#pipeline-sources tr", has_text="quiet")).to_contain_text(
        re.compile("Silent|Connecting|Failed")
    )
    expect(page.locator("#pipeline-groups")).to_contain_text("The quarantine is empty")
    expect(page.locator("#pipeline-ledger")).to_contain_text("Nothing is in the ledger yet")


@pytest.mark.parametrize("path", ["/pipeline?group=no+device%7Cgate", "/sign-in"])
def test_axe_finds_nothing_serious(gate: Waypost, browse: Browse, path: str) -> None:
    still = browse(reduced_motion="reduce")
    still.goto(gate.url + path)
    ready: Callable[[], Any] = lambda: still.locator(".wp-kept-payload, .wp-sign-in").count() > 0  # noqa: E731
    eventually(still, "the page", ready)
    checked(still, DESKTOP, PHONE)


def test_what_the_page_says_is_what_the_api_says(gate: Waypost, page: Page) -> None:
    page.goto(f"{gate.url}/pipeline")
    expect(page.locator("#pipeline-groups-note")).to_have_text("26 kept")
    assert json.dumps(gate.get("/api/v1/quarantine")["total"]) == "26"
