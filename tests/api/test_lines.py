"""Several lines at once, and what people wrote beside them."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from auth.first_start import hash_token
from core.types import Message, to_micros
from db.access import add_token
from tests.api.conftest import Client, make_api
from tests.api.feed import SECOND, Feed, message

HOUR = {"from": "2026-11-22T21:00:00Z", "to": "2026-11-22T22:00:00Z"}
ADMIN = {"authorization": "Bearer admin token"}
NOTES = "/api/v1/annotations"


@pytest.fixture
def client(engine: Engine, redis_url: str) -> Iterator[Client]:
    """An API of its own: tokens are kept in memory."""
    with engine.begin() as connection:
        add_token(connection, "admin", hash_token("admin token"), ["admin"])
    made = Client(make_api(engine, redis_url))
    yield made
    made.close()


def test_lines_are_those_of_series_and_come_as_a_table_in_the_units_asked_for(api: Client, feed: Feed) -> None:
    feed.store(_messages())
    asked = HOUR | {"device": ["a", "b"], "metric": ["speed", "load"], "points": 60}
    found = api.get("/api/v1/lines", **asked).json()
    assert [(line["metric"], line["device_id"]) for line in found["lines"]] == [
        ("speed", "a"), ("speed", "b"), ("load", "a"), ("load", "b"),
    ]  # fmt: skip
    for line in found["lines"]:
        alone = api.get("/api/v1/series", **HOUR, device=line["device_id"], metric=line["metric"], points=60).json()
        assert line["points"] == alone["series"][0]["points"]
        assert found["bucket_s"] == alone["bucket_s"]
    table = api.get("/api/v1/lines", **asked, speed_unit="km/h", format="csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["unit"] for row in rows if row["metric"] == "speed"} == {"km/h"}
    assert float(rows[0]["max"]) == pytest.approx(found["lines"][0]["points"][0][3] * 3.6)
    later = asked | {"from": "2026-11-22T22:00:00Z", "to": "2026-11-22T23:00:00Z"}
    assert all(line["points"] == [] for line in api.get("/api/v1/lines", **later).json()["lines"])
    both = api.get("/api/v1/lines", **later, before="true").json()["lines"]
    assert [line["points"] for line in both[4:]] == [line["points"] for line in found["lines"]]


def _messages() -> list[Message]:
    start = to_micros(datetime(2026, 11, 22, 21, 0, 10, tzinfo=UTC))
    return [message("ab"[n % 2], start + n * 60 * SECOND, speed=n / 4, values={"load": float(n)}) for n in range(50)]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"device": "a"}, 422),
        ({"metric": "speed"}, 422),
        ({"device": "a", "metric": [f"m{n}" for n in range(7)]}, 422),
        ({"device": [f"d{n}" for n in range(11)], "metric": "speed"}, 422),
        ({"device": "<script>", "metric": "speed"}, 404),
        ({"device": "a", "metric": "'; DROP TABLE device; --"}, 404),
        ({"device": "a", "metric": "speed", "from": "tomorrow"}, 422),
        ({"device": "a", "metric": "speed", "from": "2026-11-22T21:00:00Z", "to": "2026-11-22T20:00:00Z"}, 422),
    ],
)
def test_what_cannot_be_drawn_is_refused(api: Client, feed: Feed, asked: dict[str, Any], status: int) -> None:
    feed.store(_messages()[:2])
    answer = api.get("/api/v1/lines", **asked)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_an_annotation_is_written_found_and_removed(client: Client, feed: Feed) -> None:
    feed.store(_messages()[:2])
    span = {"from": "2026-11-22T21:10:00+01:00", "to": "2026-11-22T21:20:00Z", "text": " <b>Rain</b> "}
    made = client("POST", NOTES, json=span, headers=ADMIN)
    assert made.status_code == 201
    assert made.json() | {"created_at": None} == {
        "id": made.json()["id"], "from": "2026-11-22T20:10:00.000Z", "to": "2026-11-22T21:20:00.000Z",
        "device_id": None, "text": "<b>Rain</b>", "author": "token", "created_at": None,
    }  # fmt: skip
    moment = {"from": "2026-11-22T21:30:00Z", "device_id": "b", "text": "Towed"}
    assert client("POST", NOTES, json=moment, headers=ADMIN).json()["to"] is None

    def texts(**asked: str) -> list[str]:
        return [item["text"] for item in client.get(NOTES, **(HOUR | asked)).json()["items"]]

    assert texts() == ["Towed", "<b>Rain</b>"]
    assert texts(device="a") == ["<b>Rain</b>"]
    assert texts(limit="1") == ["Towed"]
    one = f"{NOTES}/{made.json()['id']}"
    assert client("DELETE", one).status_code == 401
    assert client("DELETE", one, headers=ADMIN).status_code == 204
    assert client("DELETE", one, headers=ADMIN).status_code == 404
    assert texts() == ["Towed"]


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [
        ({"from": "2026-11-22T21:00:00Z", "text": "x"}, {}, 401),
        ({"from": "2026-11-22T21:00:00Z", "text": "x"}, {"cookie": "waypost_session=made-up"}, 403),
        ({"from": "2026-11-22T21:00:00", "text": "x"}, ADMIN, 422),
        ({"from": "2026-11-22T21:00:00Z", "to": "2026-11-22T21:00:00Z", "text": "x"}, ADMIN, 422),
        ({"from": "0001-01-01T00:00:00+14:00", "text": "x"}, ADMIN, 422),
        ({"from": "2026-11-22T21:00:00Z", "text": " "}, ADMIN, 422),
        ({"from": "2026-11-22T21:00:00Z", "text": "x" * 501}, ADMIN, 422),
        ({"from": "2026-11-22T21:00:00Z", "text": "x", "device_id": "nobody"}, ADMIN, 404),
        ({"from": "2026-11-22T21:00:00Z", "text": "x", "author": "me"}, ADMIN, 422),
    ],
)
def test_who_may_not_and_what_cannot_be_are_refused(
    client: Client, asked: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    answer = client("POST", NOTES, json=asked, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.get(NOTES, **{"from": "2026-11-01T00:00:00Z"}).json() == {"items": []}
