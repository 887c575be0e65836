"""Series and rankings equal a plain computation, in JSON and CSV; what costs too much is refused with a way out."""

import csv
import io
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.text import iso_utc
from core.types import from_micros
from tests.api.conftest import Client
from tests.api.feed import SECOND, Feed, message

START = 1_795_382_340_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
WINDOW = {"from": iso_utc(from_micros(START)), "to": iso_utc(from_micros(START + 10 * MINUTE))}
SPEEDS = {"a": [1.0, 5.0, 9.0, 2.0], "b": [4.0, 4.5, 4.25, 4.0], "c": [7.0, 7.0, 7.0, 7.0]}


@pytest.fixture
def fleet(feed: Feed) -> Feed:
    """Three devices, a value every two minutes; a and b are of one fleet. One more has no speed."""
    feed.store(
        message(device, START + 2 * i * MINUTE, speed=speed, texts={"fleet": "north"} if device in "ab" else None)
        for device, speeds in SPEEDS.items()
        for i, speed in enumerate(speeds)
    )
    feed.store([message("silent", START)])
    return feed


def ask(api: Client, path: str, **params: object) -> Any:
    answer = api.get(f"/api/v1/{path}", **({"metric": "speed"} | WINDOW | params))
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(api: Client, path: str, **params: object) -> str:
    return problem(api, path, 422, params)


def problem(api: Client, path: str, status: int, params: dict[str, object]) -> str:
    answer = api.get(f"/api/v1/{path}", **({"metric": "speed"} | WINDOW | params))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    detail: str = answer.json()["detail"]
    return detail


def read_csv(api: Client, path: str, **params: object) -> list[dict[str, str]]:
    answer = api.get(f"/api/v1/{path}", **({"metric": "speed", "format": "csv"} | WINDOW | params))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def at(minutes: int) -> str:
    return iso_utc(from_micros(START + minutes * MINUTE))


def test_a_line_for_each_device_in_the_order_asked_for(fleet: Feed, api: Client) -> None:
    assert ask(api, "series", device=["b", "a", "b"], points=10) == {
        "metric": "speed",
        "unit": "m/s",
        "bucket_s": 60,
        "series": [
            {"device_id": name, "points": [[at(2 * i), v, v, v, 1] for i, v in enumerate(SPEEDS[name])]}
            for name in ("b", "a")
        ],
    }


def test_buckets_have_mean_extremes_and_count(fleet: Feed, api: Client) -> None:
    answer = ask(api, "series", device="a", points=1)
    assert answer["bucket_s"] == 600
    [line] = answer["series"]
    assert sum(n for *_, n in line["points"]) == 4
    mean = sum(mean * n for _, mean, _, _, n in line["points"]) / 4
    assert math.isclose(mean, 4.25)
    assert (min(p[2] for p in line["points"]), max(p[3] for p in line["points"])) == (1.0, 9.0)


@pytest.mark.parametrize("fleet_asked, devices", [(None, "abc"), ("north", "ab")])
def test_without_a_device_all_are_one_line(fleet: Feed, api: Client, fleet_asked: str | None, devices: str) -> None:
    answer = ask(api, "series", points=10, **({"fleet": fleet_asked} if fleet_asked else {}))
    [line] = answer["series"]
    assert line["device_id"] is None
    for i, (ts, mean, least, greatest, n) in enumerate(line["points"]):
        values = [SPEEDS[device][i] for device in devices]
        assert (ts, least, greatest, n) == (at(2 * i), min(values), max(values), len(values))
        assert math.isclose(mean, sum(values) / len(values))


def test_a_device_without_values_is_an_empty_line(fleet: Feed, api: Client) -> None:
    assert ask(api, "series", device="silent")["series"] == [{"device_id": "silent", "points": []}]


def test_an_unknown_fleet_is_an_empty_line_and_an_empty_ranking(fleet: Feed, api: Client) -> None:
    assert ask(api, "series", fleet="west")["series"] == [{"device_id": None, "points": []}]
    assert ask(api, "top", fleet="west")["items"] == []


def test_a_series_as_csv_says_what_json_says(fleet: Feed, api: Client) -> None:
    lines = ask(api, "series", device=["a", "b"], points=10)["series"]
    rows = read_csv(api, "series", device=["a", "b"], points=10)
    assert list(rows[0]) == ["device_id", "ts", "mean", "min", "max", "n"]
    found = [[r["ts"], float(r["mean"]), float(r["min"]), float(r["max"]), int(r["n"])] for r in rows]
    assert found == [point for line in lines for point in line["points"]]
    assert {row["device_id"] for row in read_csv(api, "series")} == {""}


@pytest.mark.parametrize(
    "stat, order, expected",
    [
        ("max", "desc", [("a", 9.0), ("c", 7.0), ("b", 4.5)]),
        ("max", "asc", [("b", 4.5), ("c", 7.0), ("a", 9.0)]),
        ("mean", "desc", [("c", 7.0), ("a", 4.25), ("b", 4.1875)]),
        ("min", "desc", [("c", 7.0), ("b", 4.0), ("a", 1.0)]),
        ("min", "asc", [("a", 1.0), ("b", 4.0), ("c", 7.0)]),
        ("last", "desc", [("c", 7.0), ("b", 4.0), ("a", 2.0)]),
    ],
)
def test_devices_are_ranked_by_each_statistic(
    fleet: Feed, api: Client, stat: str, order: str, expected: list[tuple[str, float]]
) -> None:
    assert ask(api, "top", stat=stat, order=order) == {
        "metric": "speed",
        "unit": "m/s",
        "stat": stat,
        "hours_behind": None,
        "items": [{"rank": i, "device_id": d, "value": v, "n": 4} for i, (d, v) in enumerate(expected, start=1)],
    }


def test_a_ranking_is_of_the_highest_ten_if_nothing_is_said(feed: Feed, api: Client) -> None:
    feed.store(message(f"d{i:02}", START, speed=i) for i in range(12))
    assert [(i["device_id"], i["value"]) for i in ask(api, "top")["items"]] == [
        (f"d{i:02}", i) for i in range(11, 1, -1)
    ]


def test_a_ranking_has_as_many_as_asked_for_and_of_the_fleet_alone(fleet: Feed, api: Client) -> None:
    assert [item["device_id"] for item in ask(api, "top", n=1)["items"]] == ["a"]
    assert [item["device_id"] for item in ask(api, "top", fleet="north")["items"]] == ["a", "b"]


def test_a_ranking_as_csv_says_what_json_says(fleet: Feed, api: Client) -> None:
    items = [{key: str(value) for key, value in item.items()} for item in ask(api, "top", stat="mean")["items"]]
    assert read_csv(api, "top", stat="mean") == items


def test_a_summary_can_be_of_one_device(fleet: Feed, api: Client) -> None:
    answer = ask(api, "summary", device="a", by="device")
    numbers = {"n": 4, "mean": 4.25, "min": 1.0, "max": 9.0, "last": 2.0}
    assert numbers.items() <= answer.items()
    assert answer["devices"] == 1
    assert answer["items"] == [{"device_id": "a"} | numbers]
    assert ask(api, "summary", device="c")["last"] == 7.0
    assert ask(api, "summary", device="silent", by="device")["items"] == []


@pytest.mark.parametrize("path", ["summary", "series", "top"])
def test_an_unknown_metric_is_404_that_says_where_to_look(fleet: Feed, api: Client, path: str) -> None:
    detail = problem(api, path, 404, {"metric": "sp'eed"})
    assert "sp'eed" in detail
    assert "GET /api/v1/metrics" in detail


@pytest.mark.parametrize("path, params", [("summary", {"device": "x"}), ("series", {"device": ["a", "x"]})])
def test_an_unknown_device_is_404_that_says_where_to_look(
    fleet: Feed, api: Client, path: str, params: dict[str, object]
) -> None:
    detail = problem(api, path, 404, params)
    assert "'x'" in detail
    assert "GET /api/v1/devices" in detail


@pytest.mark.parametrize(
    "path, params, said",
    [
        ("series", {"points": 0}, "query.points: Input should be greater than or equal to 1"),
        ("series", {"points": 2001}, "query.points: Input should be less than or equal to 2000"),
        ("series", {"device": ["a"] * 21}, "query.device"),
        ("series", {"device": "a\0"}, "NUL"),
        ("series", {"format": "gpx"}, "query.format: Input should be 'json', 'csv', 'parquet' or 'arrow'"),
        ("top", {"n": 0}, "query.n: Input should be greater than or equal to 1"),
        ("top", {"n": 501}, "query.n: Input should be less than or equal to 500"),
        (
            "top",
            {"stat": "median"},
            "query.stat: Input should be 'max', 'mean', 'min', 'last', 'range', 'distance' or 'moving'",
        ),
        ("top", {"order": "up"}, "query.order: Input should be 'desc' or 'asc'"),
        ("summary", {"device": "a", "fleet": "f"}, "send device or fleet, not both"),
        ("series", {"device": "a", "fleet": "f"}, "send device or fleet, not both"),
        ("top", {"from": "2026-11-22T21:19:03"}, "from has no time zone; send it with Z or an offset"),
        ("series", {"from": "2027-01-01T00:00:00Z"}, "from must be before to"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_send(
    api: Client, path: str, params: dict[str, object], said: str
) -> None:
    assert said in refused(api, path, **params)


def test_a_fleet_in_seconds_over_many_hours_is_refused_and_what_is_advised_works(fleet: Feed, api: Client) -> None:
    hours = {"to": iso_utc(from_micros(START + 7 * HOUR))}
    detail = refused(api, "series", points=900, **hours)
    assert "at most 6 h" in detail
    assert "points=839 or fewer" in detail
    assert ask(api, "series", points=839, **hours)["bucket_s"] == 60
    assert ask(api, "series", points=840, device="a", **hours)["bucket_s"] == 30
    assert ask(api, "series", points=900, to=iso_utc(from_micros(START + 6 * HOUR)))["bucket_s"] == 30


@pytest.mark.parametrize("path", ["summary", "series", "top"])
@pytest.mark.parametrize(
    "start, end",
    [
        ("0001-01-02T00:00:00Z", "9999-12-31T00:00:00Z"),
        ("9999-12-30T23:10:00Z", "9999-12-30T23:59:59Z"),
        ("0001-01-02T00:00:00Z", "0001-01-02T00:40:00Z"),
    ],
)
def test_any_span_of_the_calendar_can_be_asked_for(fleet: Feed, api: Client, path: str, start: str, end: str) -> None:
    params: dict[str, object] = {"points": 1} if path == "series" else {}
    ask(api, path, **{"from": start, "to": end}, **params)


@pytest.mark.parametrize("path", ["summary", "series", "top"])
def test_a_moment_beyond_it_is_refused(api: Client, path: str) -> None:
    said = "a calendar has"
    assert said in refused(api, path, **{"from": "9999-12-31T23:10:00Z", "to": "9999-12-31T23:59:59Z"})
    assert said in refused(api, path, **{"from": "0001-01-01T00:00:00Z"})


def test_tables_as_parquet_and_arrow_hold_what_the_json_says_with_types_and_unit(fleet: Feed, api: Client) -> None:
    said = ask(api, "series", device=["a", "b"], points=10)
    rows = [(line["device_id"], *point) for line in said["series"] for point in line["points"]]
    parquet = api.get("/api/v1/series", metric="speed", device=["a", "b"], points=10, format="parquet", **WINDOW)
    assert parquet.headers["content-disposition"] == 'attachment; filename="speed-series.parquet"'
    table = pq.read_table(io.BytesIO(parquet.content))
    accept = {"Accept": "application/vnd.apache.arrow.stream"}
    arrow = api(
        "GET", "/api/v1/series", params={"metric": "speed", "device": ["a", "b"], "points": 10} | WINDOW, headers=accept
    )
    assert arrow.headers["content-type"] == accept["Accept"]
    for found in (table, pa.ipc.open_stream(arrow.content).read_all()):
        assert found.schema.field("ts").type == pa.timestamp("us", tz="UTC")
        assert found.schema.field("mean").metadata == {b"unit": b"m/s"}
        assert [(r[0], iso_utc(r[1]), *r[2:]) for r in zip(*found.to_pydict().values(), strict=True)] == rows
    empty = {"from": at(-20), "to": at(-10)}
    nothing = api.get("/api/v1/series", metric="speed", format="parquet", **empty)
    assert pq.read_table(io.BytesIO(nothing.content)).num_rows == 0


def test_answers_come_in_the_unit_asked_for(fleet: Feed, api: Client) -> None:
    for path in ("series", "top", "summary"):
        assert ask(api, path, unit="km/h")["unit"] == "km/h"
    assert ask(api, "top", unit="km/h", n=1)["items"][0]["value"] == pytest.approx(9.0 * 3.6)
    assert ask(api, "summary", unit="mph")["max"] == pytest.approx(9.0 * 3600 / 1609.344)
    [row] = read_csv(api, "summary", unit="kn", device="c")
    assert (row["metric"], row["n"]) == ("speed", "4")
    assert float(row["mean"]) == pytest.approx(7 * 3600 / 1852)
    assert [one["device_id"] for one in read_csv(api, "summary", by="device")] == ["c", "a", "b"]
    assert refused(api, "top", unit="ft").startswith("unit: m/s cannot be given in ft; known are m/s, km/h")
    assert "cannot be given" in refused(api, "series", metric="heading", unit="km/h")


def test_ranges_movement_distributions_and_hours(fleet: Feed, api: Client) -> None:
    [first, *_] = ask(api, "top", stat="range", unit="km/h")["items"]
    assert (first["device_id"], first["value"]) == ("a", pytest.approx(8.0 * 3.6))
    far = ask(api, "top", stat="distance", unit="km")
    assert (far["unit"], far["hours_behind"]) == ("km", 0)
    assert [one["device_id"] for one in ask(api, "top", stat="moving", unit="min")["items"]] == ["a", "b", "c"]
    assert "cannot be given in km/h" in refused(api, "top", stat="distance", unit="km/h")
    spread = ask(api, "distribution", unit="km/h", bins=4)
    values = [speed * 3.6 for speeds in SPEEDS.values() for speed in speeds]
    assert (spread["of"], spread["n"], spread["devices"]) == ("values", 12, 3)
    for bin_ in spread["bins"]:
        inside = [
            v for v in values if bin_["low"] <= v < bin_["high"] or v == bin_["high"] == spread["bins"][-1]["high"]
        ]
        assert bin_["n"] == len(inside)
    rows = read_csv(api, "hours", zone="Asia/Kathmandu", fleet="north")
    assert sum(int(row["n"]) for row in rows) == 8
    assert refused(api, "hours", zone="Mars/Olympus").startswith("zone is none that is known")
    assert {one["name"]: one["devices"] for one in ask(api, "summary", by="fleet")["groups"]} == {"north": 2, None: 1}
    assert [row["fleet"] for row in read_csv(api, "summary", by="fleet")] == ["north", ""]
