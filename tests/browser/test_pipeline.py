"""The Pipeline page: the account adds up, the quarantine can be looked into, and an admin has it decoded again."""

import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.process import Served, Waypost, free_port, wait_for
from tests.browser.conftest import DESKTOP, PHONE, Browse, Start, chromium
from tests.browser.faults import Faults
from tests.browser.screen import eventually
from tests.browser.test_access import checked

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
TOKEN = "wp_of_the_tests"
ALONE = {"SOURCES": "", "ADMIN_PASSWORD": PASSWORD, "INGEST_TOKEN": TOKEN}
HOSTILE = '{"lat": 1, "note": "<img src=x onerror=alert(1)>"}'


def post(waypost: Waypost, *lines: str, source: str = "gate") -> None:
    """Give messages to the collector."""
    url = f"{waypost.url}/api/v1/ingest?source={source}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(url, "\n".join(lines).encode(), headers)  # noqa: S310 - http, and ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
        assert answer.status == 200


def account_of(waypost: Waypost, source: str = "gate") -> dict[str, Any]:
    """The account of that source."""
    sources = waypost.get("/api/v1/pipeline")["sources"]
    found: dict[str, Any] = next((one for one in sources if one["source"] == source), {})
    return found


def quarantine(waypost: Waypost, source: str, *lines: str) -> None:
    """Give it messages that it cannot use, and wait until they are kept."""
    post(waypost, *lines, source=source)
    wait_for("the quarantine", lambda: account_of(waypost, source).get("quarantined") == len(lines))


def fill(waypost: Waypost) -> None:
    """Use up the room for one device, then give it messages that it cannot use."""
    post(waypost, '{"device_id": "first", "lat": 50, "lon": 8}')
    wait_for("the first device", lambda: account_of(waypost).get("stored") == 1)
    useless = (HOSTILE, *(f'{{"lat": {n}}}' for n in range(24)))
    quarantine(waypost, "gate", '{"device_id": "second", "lat": 51, "lon": 8}', *useless)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waypost]:
    """A filled Waypost without other sources. Tests share it: they leave the messages of the source `gate` alone."""
    chromium()
    with Waypost(tmp_path_factory.mktemp("gate") / "data", MAX_DEVICES="1", **ALONE) as waypost:
        fill(waypost.ready())
        yield waypost


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waypost]:
    """A Waypost whose only source cannot be reached: nothing ever comes in."""
    chromium()
    settings = ALONE | {"SOURCES": f"zmq://127.0.0.1:{free_port()}?source=quiet"}
    with Waypost(tmp_path_factory.mktemp("quiet") / "data", **settings) as waypost:
        yield waypost.ready()


def group_button(page: Page, source: str) -> Locator:
    """Opens the messages of a source that name no device."""
    row = page.locator("#pipeline-groups tr", has_text=source)
    return row.get_by_role("button", name="no device", exact=True)


def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Fill the form and send it by the keyboard."""
    field = page.get_by_label("Password", exact=True)
    field.fill(password)
    field.press("Enter")


def test_the_account_adds_up_and_the_flow_moves(page: Page, demo: Served) -> None:
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
    eventually(page, "more messages", lambda: int(re.sub(r"\D", "", row.locator("td").first.inner_text())) > received)


def test_a_group_is_opened_read_and_closed_and_the_address_keeps_it(gate: Waypost, page: Page, browse: Browse) -> None:
    page.goto(f"{gate.url}/pipeline")
    button = group_button(page, "gate")
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
    quarantine(gate, "reading", '{"lat": 22}', '{"lat": 23}')
    page.goto(f"{gate.url}/pipeline?group=no+device%7Creading")
    payload = page.locator(".wp-kept-payload").first
    expect(payload).to_have_text('{"lat": 23}')
    payload.evaluate("(element) => { element.__mine = true; }")
    post(gate, '{"lat": 77}', source="reading")
    row = page.locator("#pipeline-groups tr", has_text="reading")
    expect(row.get_by_role("cell", name="3", exact=True)).to_be_visible()
    assert payload.evaluate("(element) => element.__mine === true"), "the messages were drawn anew under the reader"


def test_an_admin_signs_in_comes_back_and_decoding_again_stores_what_can_be_used(
    start: Start, page: Page, faults: Faults
) -> None:
    crowded = start(MAX_DEVICES="1", **ALONE)
    fill(crowded)
    faults.allow("401")
    page.goto(f"{crowded.url}/pipeline")
    reason = page.locator("#pipeline-groups button").filter(has_not_text="no device")
    reason.click()
    expect(page.locator(".wp-kept-payload")).to_contain_text("second")
    page.get_by_role("link", name="Sign in", exact=True).last.click()
    expect(page.locator("#page-title")).to_have_text("Sign in")
    sign_in(page, "wrong")
    expect(page.locator("#sign-in-problem")).to_have_text("Name and password do not go together.")
    sign_in(page)
    expect(page).to_have_url(re.compile(r"/pipeline\?group="))
    expect(page.locator("#visitor")).to_have_attribute("title", "Signed in as admin")

    page.get_by_role("button", name="Decode again").click()
    expect(page.locator("#pipeline-said")).to_contain_text("1 is left here")
    wait_for("the account", lambda: account_of(crowded).get("quarantined") == 26)
    group = page.url.partition("?")[2]
    page.goto("about:blank")  # a page that is open while its server ends says so in the console, as it should

    crowded.__exit__()
    faults.allow("net::ERR_", "502", "request failed", "WebSocket")
    roomy = start(MAX_DEVICES="100", **ALONE)
    page.goto(f"{roomy.url}/pipeline?{group}")
    page.get_by_role("button", name="Decode again").click()
    expect(page.locator("#pipeline-said")).to_contain_text("all of them could be used and are stored")
    expect(page.locator("#pipeline-panel")).to_contain_text("Nothing is left in this group")
    assert [device["device_id"] for device in roomy.get("/api/v1/latest")["devices"]] == ["first", "second"]
    expected = {"received": 27, "stored": 2, "quarantined": 25}
    wait_for("the account", lambda: account_of(roomy).items() >= expected.items())

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


def test_guessing_a_password_has_to_wait(quiet: Waypost, page: Page, faults: Faults) -> None:
    faults.allow("401", "429")
    page.goto(f"{quiet.url}/sign-in?next=https://evil.example/")
    for _ in range(4):  # quickly, for one more may be tried each half minute
        tried = page.request.post(f"{quiet.url}/api/v1/session", data={"user": "admin", "password": "wrong"})
        assert tried.status == 401
    sign_in(page, "wrong")
    expect(page.locator("#sign-in-problem")).to_contain_text("do not go together")
    sign_in(page)
    expect(page.locator("#sign-in-problem")).to_contain_text("Too many tries. Try again in")


def test_signing_in_never_leads_to_another_site(gate: Waypost, page: Page) -> None:
    page.goto(f"{gate.url}/sign-in?next=https://evil.example/")
    sign_in(page)
    expect(page).to_have_url(f"{gate.url}/")


def test_a_source_that_cannot_be_reached_says_so(page: Page, quiet: Waypost) -> None:
    page.goto(f"{quiet.url}/pipeline")
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
    kept = gate.get("/api/v1/quarantine")
    assert sum(group["count"] for group in kept["groups"] if group["source"] == "gate") == 26
    page.goto(f"{gate.url}/pipeline")
    expect(page.locator("#pipeline-groups-note")).to_have_text(f"{kept['total']} kept")
