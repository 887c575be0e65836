"""Timelines by REST: what is sent is on disk and judged, pages are whole and newest first, bad input is named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from api.routers.timeline import as_message
from core.types import Message, from_micros
from db.live_states import STATES, StateMirror, read_states
from tests.api.conftest import Client
from tests.api.feed import Feed, message
from tests.api.test_ingest import Receiver

T0 = 1_790_000_000_000_000
AT = "/api/v1/devices/door-3/timeline"


def happened(second: float, kind: str, device: str = "door-3", data: bytes | None = None) -> Message:
    """An event, received at its moment."""
    m = message(device, T0 + round(second * 1e6), None, None)
    m.event, m.data = kind, data
    return m


@pytest.fixture
def filled(api: Client, feed: Feed) -> Client:
    """250 events of two devices, some at the same moment."""
    kinds = ("door_open", "door_close", "alarm", "door_open", "door_open")
    feed.store(happened(i // 2, kinds[i % 5], "door-3" if i % 3 else "depot/7", b'{"n":%d}' % i) for i in range(250))
    return api


def pages(client: Client, url: str, **params: object) -> Iterator[list[dict[str, object]]]:
    """All pages, one after another."""
    cursor: dict[str, object] = {}
    while True:
        answer = client.get(url, **params, **cursor)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        yield found["items"]
        if found["next"] is None:
            return
        cursor = {"cursor": found["next"]}


@pytest.mark.parametrize("url", ["/api/v1/events", AT, "/api/v1/devices/depot%2F7/timeline"])
def test_pages_are_whole_and_newest_first_and_none_is_given_twice(filled: Client, url: str) -> None:
    whole = [item for page in pages(filled, url, limit=1000) for item in page]
    assert len(whole) == {"events": 250, AT: 166}.get(url.rpartition("/")[2] if "events" in url else url, 84)
    by_small = list(pages(filled, url, limit=7))
    assert {len(page) for page in by_small[:-1]} == {7}
    assert [item for page in by_small for item in page] == whole
    assert whole == sorted(whole, key=lambda item: (item["ts"], item["id"]), reverse=True)


def test_an_item_says_what_happened_and_what_is_wrong_with_it(filled: Client) -> None:
    newest = filled.get(AT, limit=1).json()["items"][0]
    assert {key: value for key, value in newest.items() if key != "id"} == {
        "ts": "2026-09-21T14:15:24.000Z",
        "type": "door_open",
        "data": {"n": 248},
        "marks": ["repeat"],
    }
    item = filled.get("/api/v1/events", limit=1).json()["items"][0]
    assert set(item) == {"id", "ts", "type", "data", "marks", "device_id", "received_at", "machine", "state"}


def test_filters_narrow_events_and_go_together(filled: Client) -> None:
    everything = filled.get("/api/v1/events", limit=1000).json()["items"]

    def found(**params: object) -> list[dict[str, object]]:
        answer = filled.get("/api/v1/events", limit=1000, **params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, object]] = answer.json()["items"]
        return items

    assert found(type="alarm") == [e for e in everything if e["type"] == "alarm"]
    assert found(type=["alarm", "door_close"]) == [e for e in everything if e["type"] in {"alarm", "door_close"}]
    assert found(device="depot/7") == [e for e in everything if e["device_id"] == "depot/7"]
    assert found(search="DEPO") == found(device="depot/7")
    assert found(mark="repeat") == [e for e in everything if "repeat" in e["marks"]]
    assert found(mark="any") == [e for e in everything if e["marks"]]
    assert 20 < len(found(mark="any")) < 250
    assert found(fleet="none") == []
    start, end = (from_micros(T0 + s * 1_000_000).isoformat() for s in (10, 20))
    assert found(**{"from": start, "to": end, "type": "alarm"}) == [
        e for e in found(type="alarm") if "2026-09-21T14:13:30" <= str(e["ts"]) < "2026-09-21T14:13:40"
    ]


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("/api/v1/devices/nobody/timeline", 404, "no device is called 'nobody'"),
        ("/api/v1/devices/nobody/states", 404, "no device"),
        ("/api/v1/events?device=nobody", 404, "no device"),
        (f"{AT}?from=2026-01-01T00:00:00", 422, "from has no time zone; send it with Z or an offset"),
        (f"{AT}?to=2026-01-01T00:00:00", 422, "to has no time zone"),
        (f"{AT}?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422, "from must be before to"),
        (f"{AT}?cursor=7", 422, "cursor is none that a page has given"),
        (f"{AT}?cursor=99999999999999999999-1", 422, "cursor is none"),
        (f"{AT}?cursor=1-99999999999999999999", 422, "cursor is none"),
        (f"{AT}?limit=0", 422, "limit"),
        ("/api/v1/events?mark=wrong", 422, "mark"),
        ("/api/v1/events?type=%00", 422, "NUL"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_send(filled: Client, url: str, status: int, says: str) -> None:
    answer = filled("GET", url)
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text


def test_who_has_the_page_already_is_told_so(filled: Client) -> None:
    tag = filled.get(AT).headers["etag"]
    assert filled("GET", AT, headers={"if-none-match": tag}).status_code == 304


def test_a_device_whose_own_name_ends_in_timeline_is_that_device(api: Client, feed: Feed) -> None:
    feed.register("depot/timeline", "depot/states")
    assert api("GET", "/api/v1/devices/depot%2Ftimeline").json()["device_id"] == "depot/timeline"
    assert api("GET", "/api/v1/devices/depot%2Fstates").json()["device_id"] == "depot/states"
    assert api("GET", "/api/v1/devices/depot%2Ftimeline/timeline").json() == {"items": [], "next": None}


def test_states_come_from_redis_and_from_the_database_without_it(filled: Client, redis_url: str, feed: Feed) -> None:
    url = "/api/v1/devices/door-3/states"
    expected = filled.get(url).json()
    assert [(item["machine"], item["state"]) for item in expected["items"]] == [("door", "open")]
    mirror = StateMirror(redis_url, lambda: read_states(feed._writer.connection()))
    mirror.keep_up()
    assert filled.get(url).json() == expected
    with redis.Redis.from_url(redis_url) as client:
        client.hdel(STATES, str(feed.registry.devices["door-3"]))
    assert filled.get(url).json()["items"] == []
    mirror.close()


@pytest.fixture
def receiver(engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Receiver]:
    """An API that takes messages."""
    made = Receiver(engine, redis_url, tmp_path / "journal")
    yield made
    made.close()


def test_posted_events_are_in_the_journal_as_messages_of_the_device_when_they_are_answered(
    receiver: Receiver, feed: Feed
) -> None:
    feed.register("door-3")
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    answer = receiver.post(b'{"type":"door_open","ts":"%s","data":{"by":"badge"}}' % soon.encode(), AT)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "rejected": []})
    body = b"""[{"event":"x","device_id":"door-3"},{"type":"y","device_id":"other"},{"data":{}},5,
        {"type":"z","ts":"2026-01-01T00:00:00"},{"type":"w","data":[]}]"""
    assert receiver.post(body, f"{AT}?source=doors").json() == {
        "accepted": 1,
        "rejected": [
            {"index": 1, "reason": "not an event of this device: it names 'other'"},
            {"index": 2, "reason": 'not an event: send its "type"'},
            {"index": 3, "reason": "not an event: Expected `object`, got `int`"},
            {
                "index": 4,
                "reason": "timestamp without a time zone: '2026-01-01T00:00:00'; send it with Z or an offset",
            },
            {"index": 5, "reason": "data of the event is not an object: list"},
        ],
    }
    first, *others = receiver.journalled()
    assert first == (
        "http",
        as_message(b'{"type":"door_open","ts":"%s","data":{"by":"badge"}}' % soon.encode(), "door-3"),
    )
    assert [source for source, _ in others] == ["doors"] * 3


def test_who_may_not_send_and_what_is_no_event_change_nothing(receiver: Receiver, feed: Feed) -> None:
    feed.register("door-3")
    for url, token, body, status in (
        (AT, None, b'{"type":"x"}', 401),
        (AT, "wp_reader", b'{"type":"x"}', 403),
        ("/api/v1/devices/nobody/timeline", "wp_test", b'{"type":"x"}', 404),
        (AT, "wp_test", b"", 400),
        (AT, "wp_test", b"{", 400),
        (f"{AT}?source=a%20b", "wp_test", b'{"type":"x"}', 422),
    ):
        assert receiver.post(body, url, token).status_code == status, (url, body)
    assert receiver.journalled() == []
