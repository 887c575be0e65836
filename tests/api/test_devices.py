"""Registry, live states and tracks: plain names, SI units, UTC, and errors that say what to send instead."""

import time
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from core.text import iso_utc
from core.types import from_micros
from tests.api.conftest import Client
from tests.api.feed import SECOND, Feed, message

NOW = time.time_ns() // 1000
DAY = 86_400 * SECOND
HOSTILE = [
    "depot/7/gate",
    "100%",
    "%41",
    'it\'s "quoted"',
    "a?b=c&d#e",
    "../../etc/passwd",
    "línea 7 🚌 Ünïcode",
    "x'; DROP TABLE device; --",
    "<script>alert(1)</script>",
    "back\\slash",
    "a+b c",
    "ends/track",
    "track",
    "a/track/b",
]


def iso(micros: int) -> str:
    return iso_utc(from_micros(micros))


@pytest.fixture
def fleet(feed: Feed) -> Feed:
    """Four devices: two of a fleet, one on either side of the antimeridian, one without a place."""
    feed(
        message("bus-1", NOW - 5 * SECOND, 30.5, -97.75, altitude=150, speed=8.2, heading=271.5,
                values={"battery": 0.83}, texts={"label": "Line 1", "kind": "bus", "fleet": "north", "colour": "red"}),
        message("bus-2", NOW - 300 * SECOND, 31.5, -96.75, speed=5, texts={"kind": "bus", "fleet": "north"}),
        message("fiji", NOW, -17.7, 178.0, speed=0.4),
        message("samoa", NOW, -13.8, -171.8, texts={"kind": "ship"}),
        message("meter", NOW, None, None, values={"kW": 3.5}),
    )  # fmt: skip
    return feed


def names(client: Client, url: str, **params: object) -> list[str]:
    answer = client.get(url, **params)
    assert answer.status_code == 200, answer.text
    return [device["device_id"] for device in answer.json()["devices"]]


def problem(client: Client, url: str, status: int, **params: object) -> str:
    answer = client.get(url, **params)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["status"] == status
    detail: str = answer.json()["detail"]
    return detail


def test_devices_are_listed_by_name_with_all_that_is_known(fleet: Feed, api: Client) -> None:
    answer = api.get("/api/v1/devices").json()
    assert answer["total"] == 5
    assert [d["device_id"] for d in answer["devices"]] == ["bus-1", "bus-2", "fiji", "meter", "samoa"]
    first = answer["devices"][0]
    assert {key: first[key] for key in ("label", "kind", "fleet", "attributes")} == {
        "label": "Line 1", "kind": "bus", "fleet": "north", "attributes": {"colour": "red"},
    }  # fmt: skip
    assert first["last_seen"].endswith("Z")


@pytest.mark.parametrize(
    "params, found",
    [
        ({"fleet": "north"}, ["bus-1", "bus-2"]),
        ({"kind": "ship"}, ["samoa"]),
        ({"search": "LINE"}, ["bus-1"]),
        ({"search": "us-"}, ["bus-1", "bus-2"]),
        ({"search": "%"}, []),
        ({"search": "_"}, []),
        ({"fleet": "north' OR '1'='1"}, []),
        ({"limit": 2}, ["bus-1", "bus-2"]),
        ({"limit": 2, "offset": 3}, ["meter", "samoa"]),
        ({"offset": 99}, []),
    ],
)
def test_devices_can_be_narrowed_down(fleet: Feed, api: Client, params: dict[str, object], found: list[str]) -> None:
    assert names(api, "/api/v1/devices", **params) == found


def test_the_total_does_not_depend_on_the_page(fleet: Feed, api: Client) -> None:
    assert api.get("/api/v1/devices", limit=1, offset=4, kind="bus").json() == {"total": 2, "devices": []}


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/devices?limit=0", "/api/v1/devices?limit=10001", "/api/v1/devices?offset=-1",
        "/api/v1/devices?offset=99999999999999999999", "/api/v1/devices/a/track?max_points=1",
        "/api/v1/devices/a/track?max_points=100001",
    ],
)  # fmt: skip
def test_limits_are_said(api: Client, url: str) -> None:
    detail = problem(api, url, 422)
    assert url.partition("?")[2].partition("=")[0] in detail
    assert "than or equal to" in detail


@pytest.mark.parametrize(
    "url", ["/api/v1/devices?search=%00", "/api/v1/devices?fleet=a%00", "/api/v1/devices?kind=%00b",
            "/api/v1/latest?device=%00", "/api/v1/latest?fleet=%00", "/api/v1/devices/a%00b",
            "/api/v1/devices/%00/track", "/api/v1/summary?metric=%00", "/api/v1/summary?metric=speed&fleet=%00"],
)  # fmt: skip
def test_a_nul_that_the_database_would_choke_on_is_refused(api: Client, url: str) -> None:
    assert "NUL" in problem(api, url, 422)


def test_latest_has_the_words_of_the_design(fleet: Feed, api: Client) -> None:
    answer = api.get("/api/v1/latest", device="bus-1").json()
    as_of = datetime.fromisoformat(answer["as_of"])
    [state] = answer["devices"]
    age = state.pop("age_s")
    assert state == {
        "device_id": "bus-1", "ts": iso(NOW - 5 * SECOND), "lat": 30.5, "lon": -97.75, "altitude": 150.0,
        "speed": 8.2, "heading": 271.5, "values": {"battery": 0.83},
    }  # fmt: skip
    assert age == pytest.approx((as_of - from_micros(NOW - 5 * SECOND)).total_seconds(), abs=0.002)


def test_an_age_is_never_negative(feed: Feed, api: Client) -> None:
    feed(message("ahead", time.time_ns() // 1000 + 200 * SECOND))
    assert api.get("/api/v1/latest").json()["devices"][0]["age_s"] == 0


def test_a_device_without_a_place_is_among_the_latest(fleet: Feed, api: Client) -> None:
    [meter] = api.get("/api/v1/latest", device="meter").json()["devices"]
    assert (meter["lat"], meter["lon"], meter["speed"], meter["values"]) == (None, None, None, {"kW": 3.5})


def test_a_registered_device_that_was_never_heard_has_no_live_state(feed: Feed, api: Client) -> None:
    feed.register("new")
    assert names(api, "/api/v1/latest") == []
    assert api.get("/api/v1/devices/new").json()["ts"] is None
    assert api.get("/api/v1/devices/new").json()["state"] is None


@pytest.mark.parametrize(
    "bbox, found",
    [
        ("-98,30,-97,31", ["bus-1"]),
        ("-180,-90,180,90", ["bus-1", "bus-2", "fiji", "samoa"]),
        ("170,-20,-170,-10", ["fiji", "samoa"]),
        ("-170,-20,170,-10", []),
        ("-97.75,30.5,-97.75,30.5", ["bus-1"]),
        ("0,0,1,1", []),
        (" -98 , 30 , -97 , 31 ", ["bus-1"]),
    ],
)
def test_a_box_picks_by_place_across_the_antimeridian_too(
    fleet: Feed, api: Client, bbox: str, found: list[str]
) -> None:
    assert names(api, "/api/v1/latest", bbox=bbox) == found


def test_a_box_and_a_fleet_go_together(fleet: Feed, api: Client) -> None:
    assert names(api, "/api/v1/latest", fleet="north") == ["bus-1", "bus-2"]
    assert names(api, "/api/v1/latest", fleet="north", bbox="-98,30,-97,31") == ["bus-1"]


@pytest.mark.parametrize(
    "bbox", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "-181,0,0,0", "0,91,0,91", "0,10,1,9", "nan,0,1,1", "0,0,inf,1"]
)
def test_a_box_that_is_none_is_refused_with_what_to_send(api: Client, bbox: str) -> None:
    assert "bbox must" in problem(api, f"/api/v1/latest?bbox={bbox}", 422)


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_that_a_sender_wrote_can_be_asked_for(feed: Feed, api: Client, name: str) -> None:
    feed(message(name, NOW - SECOND, speed=3))
    path = f"/api/v1/devices/{quote(name, safe='')}"
    assert api.get(path).json()["device_id"] == name
    assert api.get(f"{path}/track").json()["device_id"] == name
    assert api.get(f"{path}/track").json()["total"] == 1
    assert names(api, "/api/v1/latest", device=name) == [name]
    assert names(api, "/api/v1/devices", search=name) == [name]


def test_slashes_may_stand_as_they_are(feed: Feed, api: Client) -> None:
    feed(message("depot/7/gate", NOW))
    assert api.get("/api/v1/devices/depot/7/gate").json()["device_id"] == "depot/7/gate"
    assert api.get("/api/v1/devices/depot/7/gate/track").json()["total"] == 1


def test_a_device_whose_name_ends_in_track_is_not_the_track_of_another(feed: Feed, api: Client) -> None:
    feed(message("x", NOW - SECOND), message("x/track", NOW - SECOND, 1.0, 2.0))
    assert api.get("/api/v1/devices/x/track").json()["points"][0]["lat"] == 30.25
    assert api.get("/api/v1/devices/x%2Ftrack").json()["lat"] == 1.0
    assert api.get("/api/v1/devices/x%2Ftrack/track").json()["points"][0]["lat"] == 1.0


@pytest.mark.parametrize(
    "url", ["/api/v1/devices/nobody", "/api/v1/devices/nobody/track", "/api/v1/latest?device=nobody"]
)
def test_an_unknown_device_is_404_that_says_where_to_look(fleet: Feed, api: Client, url: str) -> None:
    detail = problem(api, url, 404)
    assert "'nobody'" in detail
    assert "/api/v1/devices" in detail


@pytest.mark.parametrize(
    "name, state", [("bus-1", "moving"), ("bus-2", "silent"), ("fiji", "stopped"), ("samoa", "stopped")]
)
def test_one_device_says_what_it_is_doing(fleet: Feed, api: Client, name: str, state: str) -> None:
    # Anew: the fleet is minutes old where many tests ran before this one.
    now = time.time_ns() // 1000
    fleet(message("bus-1", now, speed=8.2), message("fiji", now, speed=0.4), message("samoa", now))
    answer = api.get(f"/api/v1/devices/{name}").json()
    assert answer["state"] == state
    assert answer["ts"] is not None


def test_one_device_is_its_registration_and_its_live_state_together(fleet: Feed, api: Client) -> None:
    answer = api.get("/api/v1/devices/bus-1").json()
    live = api.get("/api/v1/latest", device="bus-1").json()["devices"][0]
    registered = api.get("/api/v1/devices", search="bus-1").json()["devices"][0]
    for part in (live, registered):
        part.pop("age_s", None)
        assert part.items() <= answer.items()


@pytest.fixture
def track(feed: Feed) -> list[int]:
    """101 points, a second apart, ending now; the moments."""
    moments = [NOW - (100 - i) * SECOND for i in range(101)]
    feed(*(message("t", ts, 30 + i / 1000, -97.0, speed=i, altitude=1.5, heading=9) for i, ts in enumerate(moments)))
    return moments


def test_a_track_has_all_points_in_order_where_they_are_few(track: list[int], api: Client) -> None:
    answer = api.get("/api/v1/devices/t/track", **{"from": iso(NOW - DAY), "to": iso(NOW + SECOND)}).json()
    assert (answer["total"], answer["simplified"], len(answer["points"])) == (101, False, 101)
    assert [p["ts"] for p in answer["points"]] == [iso(ts) for ts in track]
    assert answer["points"][8] == {
        "ts": iso(track[8]), "lat": 30.008, "lon": -97.0, "altitude": 1.5, "speed": 8.0, "heading": 9.0,
    }  # fmt: skip


@pytest.mark.parametrize("most", [2, 3, 10, 50, 100])
def test_a_long_track_is_simplified_and_keeps_both_ends(track: list[int], api: Client, most: int) -> None:
    window = {"from": iso(NOW - DAY), "to": iso(NOW + SECOND), "max_points": most}
    answer = api.get("/api/v1/devices/t/track", **window).json()
    points = answer["points"]
    assert (answer["total"], answer["simplified"]) == (101, True)
    assert len(points) <= most
    assert (points[0]["ts"], points[-1]["ts"]) == (iso(track[0]), iso(track[-1]))
    assert [p["ts"] for p in points] == sorted(p["ts"] for p in points)
    assert {p["ts"] for p in points} <= {iso(ts) for ts in track}


def test_just_as_many_points_as_asked_for_are_not_simplified(track: list[int], api: Client) -> None:
    window = {"from": iso(NOW - DAY), "to": iso(NOW + SECOND), "max_points": 101}
    assert api.get("/api/v1/devices/t/track", **window).json()["simplified"] is False


def test_a_span_has_its_start_and_not_its_end(track: list[int], api: Client) -> None:
    # Milliseconds cut off by iso() lie before the moment itself.
    answer = api.get("/api/v1/devices/t/track", **{"from": iso(track[10]), "to": iso(track[20])}).json()
    assert [p["ts"] for p in answer["points"]] == [iso(ts) for ts in track[10:20]]


def test_moments_may_have_any_offset_written_as_people_write_them(track: list[int], api: Client) -> None:
    utc = api.get("/api/v1/devices/t/track", **{"from": iso(track[10]), "to": iso(track[20])}).json()
    moments = [iso_utc(from_micros(track[i] + 5 * 3600 * SECOND + 1_800 * SECOND)).replace("Z", "") for i in (10, 20)]
    for plus in ("%2B", "+"):  # an unescaped + arrives as a space
        window = f"from={moments[0]}{plus}05:30&to={moments[1]}{plus}05:30"
        assert api.get(f"/api/v1/devices/t/track?{window}").json() == utc
    epoch = [track[i] // 1000 / 1000 for i in (10, 20)]
    assert api.get(f"/api/v1/devices/t/track?from={epoch[0]}&to={epoch[1]}").json() == utc


def test_without_a_span_it_is_the_last_24_hours(feed: Feed, api: Client) -> None:
    feed(*(message("t", NOW - hours * 3600 * SECOND) for hours in (25, 23, 1)))
    assert api.get("/api/v1/devices/t/track").json()["total"] == 2


def test_points_without_a_place_are_no_part_of_a_track(feed: Feed, api: Client) -> None:
    feed(message("t", NOW - 2 * SECOND), message("t", NOW - SECOND, None, None, speed=4))
    assert api.get("/api/v1/devices/t/track").json()["total"] == 1


@pytest.mark.parametrize("url", ["/api/v1/devices/t/track?", "/api/v1/summary?metric=speed&"])
@pytest.mark.parametrize(
    "window, said",
    [
        ("from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z", "from must be before to"),
        ("from=2026-11-22T00:00:00Z&to=2026-11-22T00:00:00Z", "from must be before to"),
        ("from=2026-11-22T21:19:03", "from has no time zone; send it with Z"),
        ("to=2026-11-22T21:19:03", "to has no time zone; send it with Z"),
        ("from=2026-11-22", "from has no time zone"),
        ("from=yesterday", "from"),
        ("to=0001-01-01T00:00:00Z", "a calendar has"),
        ("from=0001-01-01T00:00:00%2B14:00&to=2026-01-01T00:00:00Z", "a calendar has"),
        ("to=9999-12-31T23:59:59-14:00", "a calendar has"),
    ],
)
def test_a_span_that_is_none_is_refused_with_what_to_send(api: Client, url: str, window: str, said: str) -> None:
    assert said in problem(api, f"{url}{window}", 422)


def test_as_of_is_in_utc(api: Client) -> None:
    assert datetime.fromisoformat(api.get("/api/v1/latest").json()["as_of"]).tzinfo == UTC
