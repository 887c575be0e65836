"""Numbers of the summary equal those of a plain computation."""

import math
import random
import statistics
from typing import Any

import pytest

from core.text import iso_utc
from core.types import Message, from_micros
from tests.api.conftest import Client
from tests.api.feed import SECOND, Feed, message

START = 1_795_382_340_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def some_messages() -> list[Message]:
    """Three devices of two fleets; gaps, late ones, values missing. Numbers that a float32 holds exactly."""
    chance = random.Random(7)
    made = [
        message(
            f"d{i % 3}",
            START + i * SECOND,
            speed=chance.choice([None, chance.randrange(0, 400) / 8]),
            altitude=chance.randrange(-800, 4000) / 4,
            values={"battery": chance.random()} if chance.random() < 0.5 else None,
            texts={"fleet": "north" if i % 3 < 2 else "south"} if i < 3 else None,
        )
        for i in range(400)
    ]
    chance.shuffle(made)
    return made


def value_of(m: Message, metric: str) -> float | None:
    found: float | None = getattr(m, metric) if metric in {"speed", "altitude"} else (m.values or {}).get(metric)
    return found


def plain(messages: list[Message], metric: str) -> dict[str, Any]:
    """The same by hand."""
    kept = [(m.ts, m.device, v) for m in messages if (v := value_of(m, metric)) is not None]
    values = [v for _, _, v in kept]
    if not values:
        return {"n": 0, "mean": None, "min": None, "max": None, "last": None}
    return {
        "n": len(values),
        "mean": statistics.fmean(values),
        "min": min(values),
        "max": max(values),
        "last": max(kept)[2],
    }


def assert_same(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if name == "mean" and value is not None:
            assert math.isclose(answer[name], value, rel_tol=1e-12)
        else:
            assert answer[name] == value, name


def ask(api: Client, metric: str, start: int = START, end: int = START + 10 * MINUTE, **more: object) -> dict[str, Any]:
    window = {"from": iso_utc(from_micros(start)), "to": iso_utc(from_micros(end))}
    answer = api.get("/api/v1/summary", metric=metric, **window, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def messages(feed: Feed) -> list[Message]:
    made = some_messages()
    feed.store(made)
    return made


def test_summaries_equal_a_plain_computation(messages: list[Message], api: Client) -> None:
    windows = [(START, START + 10 * MINUTE), (START + MINUTE, START + 2 * MINUTE), (START + 399 * SECOND, START + HOUR)]
    for metric, unit in (("speed", "m/s"), ("altitude", "m"), ("battery", None)):
        for start, end in windows:
            for fleet, devices in ((None, {"d0", "d1", "d2"}), ("north", {"d0", "d1"}), ("south", {"d2"})):
                inside = [m for m in messages if start <= m.ts < end and m.device in devices]
                answer = ask(api, metric, start, end, **({"fleet": fleet} if fleet else {}))
                assert_same(answer, plain(inside, metric))
                assert answer["devices"] == len({m.device for m in inside if value_of(m, metric) is not None})
                assert (answer["metric"], answer["unit"], answer["items"]) == (metric, unit, None)
                assert answer["from"] == iso_utc(from_micros(start))
                assert answer["to"] == iso_utc(from_micros(end))


def test_by_device_each_has_its_own_numbers_the_highest_mean_first(messages: list[Message], api: Client) -> None:
    answer = ask(api, "speed", by="device")
    expected = {device: plain([m for m in messages if m.device == device], "speed") for device in ("d0", "d1", "d2")}
    for item in answer["items"]:
        assert_same(item, expected[item["device_id"]])
    assert [item["device_id"] for item in answer["items"]] == sorted(expected, key=lambda d: -expected[d]["mean"])
    assert sum(item["n"] for item in answer["items"]) == answer["n"]


def test_where_nothing_is_known_nothing_is_made_up(messages: list[Message], api: Client) -> None:
    answer = ask(api, "speed", START - HOUR, START, by="device")
    assert_same(answer, {"n": 0, "mean": None, "min": None, "max": None, "last": None, "devices": 0, "items": []})


def test_an_unknown_fleet_has_nothing(messages: list[Message], api: Client) -> None:
    assert ask(api, "battery", fleet="west")["n"] == 0


def test_an_unknown_metric_is_404_that_says_where_to_look(api: Client) -> None:
    answer = api.get("/api/v1/summary", metric="sp'eed")
    assert answer.status_code == 404
    assert "GET /api/v1/metrics" in answer.json()["detail"]


def test_a_metric_must_be_named(api: Client) -> None:
    answer = api.get("/api/v1/summary")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": "query.metric", "what": "Field required"}]


def test_by_fleet_each_group_has_the_numbers_of_its_devices(messages: list[Message], api: Client) -> None:
    groups = {group["name"]: group for group in ask(api, "speed", by="fleet")["groups"]}
    for fleet, devices in (("north", {"d0", "d1"}), ("south", {"d2"})):
        expected = plain([m for m in messages if m.device in devices], "speed")
        del expected["last"]  # of a group there is none
        assert_same(groups.pop(fleet), expected | {"registered": len(devices), "devices": len(devices)})
    assert groups == {}


def test_by_takes_no_other_word(api: Client) -> None:
    answer = api.get("/api/v1/summary", metric="speed", by="colour")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error == {"where": "query.by", "what": "Input should be 'device', 'fleet' or 'kind'"}


def test_metrics_are_listed_those_of_positions_first(messages: list[Message], api: Client) -> None:
    assert api.get("/api/v1/metrics").json() == {
        "metrics": [
            {"metric": "speed", "unit": "m/s", "label": "Speed"},
            {"metric": "altitude", "unit": "m", "label": "Altitude"},
            {"metric": "heading", "unit": "deg", "label": "Heading"},
            {"metric": "battery", "unit": None, "label": "battery"},
        ]
    }
