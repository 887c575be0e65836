"""Playback, coverage and heat over REST: what the queries find, as docs/live-protocol.md and docs/api.md say."""

import struct
from datetime import UTC, datetime, timedelta

import pytest

from core.types import to_micros
from tests.api.conftest import Client
from tests.api.feed import SECOND, Feed, message

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
T0 = to_micros(START)
WINDOW = {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T12:10:00Z"}


@pytest.fixture(autouse=True)
def _fleet(feed: Feed) -> None:
    feed(
        *(message("a", T0 + i * SECOND, 30, -97 + i / 1e3, speed=i / 10, heading=359.999) for i in range(-5, 20)),
        message("b", T0 + 30 * SECOND, -30, 97),
        message("b", T0 + 700 * SECOND, -31, 97),
        message("b", T0 + 31 * SECOND, None, None, speed=0.0),
    )


def test_a_chunk_is_what_the_protocol_says(api: Client) -> None:
    answer = api.get("/api/v1/playback", **WINDOW, step_s=10)
    assert answer.headers["content-type"] == "application/octet-stream"
    data = answer.content
    magic, version, zero, n, start, end, step, reserved = struct.unpack_from("<2sBBIddII", data)
    assert (magic, version, zero, step, reserved) == (b"WB", 1, 0, 10_000, 0)
    assert (start, end) == (T0 / 1000, T0 / 1000 + 600_000)
    assert (n, len(data)) == (5, 32 + 20 * 5)
    kinds = (("I", 0), ("i", 4), ("i", 8), ("i", 12), ("H", 16), ("H", 18))
    columns = [struct.unpack_from(f"<{n}{kind}", data, 32 + at * n) for kind, at in kinds]
    ids, lat, lon, offset, speed, heading = columns
    assert ids == (1, 1, 1, 2, 2)
    assert offset == (-1000, 0, 10_000, 30_000, 700_000)
    assert lat == (300_000_000,) * 3 + (-300_000_000, -310_000_000)
    assert lon[:3] == (-970_010_000, -970_000_000, -969_900_000)
    assert speed == (0, 0, 100, 65535, 65535)
    assert heading == (0, 0, 0, 65535, 65535)
    boxed = api.get("/api/v1/playback", **WINDOW, step_s=10, bbox="90,-40,100,-20").content
    assert struct.unpack_from("<I", boxed, 4) == (2,)
    again = api("GET", answer.request.url.raw_path.decode(), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_coverage_and_heat_over_the_same_window(api: Client) -> None:
    found = api.get("/api/v1/playback/coverage", **WINDOW).json()
    assert found == {"bucket_s": 60, "buckets": [["2026-11-20T12:00:00.000Z", 1, 1]], "events": []}
    heat = api.get("/api/v1/heat", **WINDOW, cells=1).json()
    assert heat == {"zoom": 0, "step_s": 10, "x": [0], "y": [0], "count": [3]}
    assert api.get("/api/v1/heat", **WINDOW, bbox="-98,29,-96,31", cells=2).json()["count"] == [2]


@pytest.mark.parametrize("path, days", [("playback", 0.26), ("heat", 8), ("playback/coverage", 401)])
def test_what_would_be_too_much_is_refused_with_what_to_do(api: Client, path: str, days: float) -> None:
    end = START + timedelta(days=days)
    answer = api.get(f"/api/v1/{path}", **{"from": WINDOW["from"], "to": end.isoformat()})
    assert answer.status_code == 422
    assert "at most" in answer.json()["detail"]
    assert api.get(f"/api/v1/{path}", **WINDOW, bbox="1,2", points="x").status_code == 422
