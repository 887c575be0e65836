"""Geofences by REST: drawn, drawn anew and removed, as GeoJSON; by whom; and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.api.alarms import ADMIN, INGEST, Alarm
from tests.api.conftest import Client, make_api

RING = [[-98.0, 30.0], [-97.0, 30.0], [-97.0, 31.0], [-98.0, 30.0]]
OUTLINE = {"type": "Polygon", "coordinates": [RING]}


@pytest.fixture
def alarm(engine: Engine, redis_url: str) -> Iterator[Alarm]:
    """An API of its own: it keeps tokens and who has signed in."""
    client = Client(make_api(engine, redis_url, cache_s=0))
    yield Alarm(client, engine)
    client.close()


def features(alarm: Alarm) -> list[dict[str, Any]]:
    answer = alarm.client.get("/api/v1/geofences")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = answer.json()["features"]
    return found


def test_a_geofence_is_drawn_drawn_anew_listed_and_removed(alarm: Alarm) -> None:
    assert features(alarm) == []
    path = "/geofences/depot%2F7"
    made = alarm.ask("PUT", path, OUTLINE, ADMIN)
    assert (made.status_code, made.headers["content-type"]) == (201, "application/geo+json")
    feature = made.json()
    assert (feature["type"], feature["geometry"]) == ("Feature", OUTLINE)
    assert (feature["properties"]["name"], feature["properties"]["author"]) == ("depot/7", "token")
    assert feature["properties"]["updated_at"].endswith("Z")
    with alarm.engine.connect() as connection:
        corners = connection.exec_driver_sql("SELECT corners FROM geofence").scalar_one()
    assert corners == [[30.0, -98.0], [30.0, -97.0], [31.0, -97.0]], (
        "latitude first, without the last that is the first"
    )

    wider = {
        "type": "Polygon",
        "coordinates": [[[-99, 30, 150.0], [-97, 30], [-97, 31], [-99, 30]]],
        "bbox": [0, 0, 0, 0],
    }
    changed = alarm.ask("PUT", path, wider, ADMIN)
    assert changed.status_code == 200
    assert changed.json()["geometry"]["coordinates"] == [[[-99.0, 30.0], [-97.0, 30.0], [-97.0, 31.0], [-99.0, 30.0]]]
    assert features(alarm) == [changed.json()]
    assert alarm.client.get(f"/api/v1{path}").json() == changed.json()
    assert alarm.ask("DELETE", path, headers=ADMIN).status_code == 204
    assert features(alarm) == []
    assert "geofence depot/7" in alarm.ask("GET", "/audit", headers=ADMIN).text


def test_one_over_the_date_line_goes_on_beyond_180_degrees(alarm: Alarm) -> None:
    over = {"type": "Polygon", "coordinates": [[[179.0, -1.0], [181.0, -1.0], [181.0, 1.0], [179.0, -1.0]]]}
    assert alarm.ask("PUT", "/geofences/strait", over, ADMIN).json()["geometry"] == over


def test_one_that_a_rule_watches_stays(alarm: Alarm) -> None:
    alarm.ask("PUT", "/geofences/Depot", OUTLINE, ADMIN)
    rule = {"condition": {"kind": "geofence", "geofence": "Depot", "is": "outside"}}
    assert alarm.ask("PUT", "/rules/astray", rule, ADMIN).status_code == 201
    answer = alarm.ask("DELETE", "/geofences/Depot", headers=ADMIN)
    assert (answer.status_code, answer.json()["detail"]) == (
        409, "Depot is watched by astray: change or remove that first.",
    )  # fmt: skip
    alarm.ask("DELETE", "/rules/astray", headers=ADMIN)
    assert alarm.ask("DELETE", "/geofences/Depot", headers=ADMIN).status_code == 204


def test_analysts_change_and_remove_their_own_and_admins_all(alarm: Alarm) -> None:
    alarm.sign_in("ann")
    assert alarm.ask("PUT", "/geofences/Depot", OUTLINE).status_code == 201
    assert alarm.ask("PUT", "/geofences/Depot", OUTLINE).status_code == 200
    alarm.sign_in("bob")
    for method, body in (("PUT", OUTLINE), ("DELETE", None)):
        answer = alarm.ask(method, "/geofences/Depot", body)
        assert (answer.status_code, answer.json()["detail"]) == (
            403, "It was made by ann: only they or an admin can change or remove it.",
        )  # fmt: skip
    alarm.sign_in("root")
    assert alarm.ask("PUT", "/geofences/Depot", OUTLINE).json()["properties"]["author"] == "ann"
    alarm.sign_in("ann")
    assert alarm.ask("DELETE", "/geofences/Depot").status_code == 204


def test_who_may_not_draw_is_told_so(alarm: Alarm) -> None:
    for method, body in (("PUT", OUTLINE), ("DELETE", None)):
        for headers in ({}, INGEST):
            assert alarm.ask(method, "/geofences/Depot", body, headers).status_code == 401
    alarm.sign_in("vera")
    assert alarm.ask("PUT", "/geofences/Depot", OUTLINE).status_code == 403
    assert features(alarm) == []


def polygon(*ring: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [list(ring)]}


REFUSED: list[tuple[Any, str]] = [
    ({}, "body.type: Field required"),
    ([], "valid dictionary"),
    ({"type": "Feature", "geometry": OUTLINE}, "type: Input should be 'Polygon'"),
    ({"type": "MultiPolygon", "coordinates": [[RING]]}, "type: Input should be 'Polygon'"),
    ({"type": "Polygon", "coordinates": None}, "valid list"),
    ({"type": "Polygon", "coordinates": "x" * 99}, "valid list"),
    ({"type": "Polygon", "coordinates": []}, "The ring is not closed"),
    ({"type": "Polygon", "coordinates": [[]]}, "The ring is not closed"),
    ({"type": "Polygon", "coordinates": [RING, RING]}, "A geofence has no holes: send the outer ring alone."),
    (polygon(*RING[:3]), "The ring is not closed: its last place must be the first again."),
    (polygon([0, 0], [1, 1], [0, 0]), "A geofence has 3 to 500 corners; this one has 2."),
    (polygon(*([[n / 1000, (n * n) % 7] for n in range(600)]), [0, 0]), "3 to 500 corners; this one has 600."),
    (polygon([0, 0], [1, 1], [2, 2], [0, 0]), "All corners are on one line: there is nothing inside."),
    (polygon([0, 91], [1, 0], [2, 1], [0, 91]), "No corner can be at latitude 91, longitude 0."),
    (polygon([-181, 0], [1, 0], [2, 1], [-181, 0]), "No corner can be at latitude 0, longitude -181."),
    (polygon([541, 0], [1, 0], [2, 1], [541, 0]), "No corner can be at latitude 0, longitude 541."),
    (polygon([1e308, 1e308], [1, 0], [2, 1], [1e308, 1e308]), "No corner can be at"),
    (polygon([0], [1, 0], [2, 1], [0]), "at least 2 items"),
    (polygon([0, 0, 0, 0], [1, 0], [2, 1], [0, 0, 0, 0]), "at most 3 items"),
    (polygon(["0", 0], [1, 0], [2, 1], ["0", 0]), "valid number"),
    (polygon([True, 0], [1, 0], [2, 1], [True, 0]), "valid number"),
    (polygon([None, 0], [1, 0], [2, 1], [None, 0]), "valid number"),
    (polygon({"lat": 1}), "valid list"),
]


def test_what_is_no_outline_is_refused_with_what_to_do(alarm: Alarm) -> None:
    for body, said in REFUSED:
        answer = alarm.ask("PUT", "/geofences/Depot", body, ADMIN)
        assert (answer.status_code, said in answer.text) == (422, True), (str(body)[:200], answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
    assert features(alarm) == []


def test_of_very_many_faults_the_first_is_told(alarm: Alarm) -> None:
    answer = alarm.ask("PUT", "/geofences/Depot", polygon(*(["x", "y"] for _ in range(10_000))), ADMIN)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) <= 2


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_are_none_are_refused(alarm: Alarm, number: str) -> None:
    ring = f"[[{number}, 0], [1, 0], [2, 1], [{number}, 0]]"
    answer = alarm.send("/geofences/Depot", f'{{"type": "Polygon", "coordinates": [{ring}]}}'.encode())
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["%00", "a%00b", "%20", "a%09b", "x" * 201])
def test_names_that_are_none_are_refused(alarm: Alarm, name: str) -> None:
    answer = alarm.ask("PUT", f"/geofences/{name}", OUTLINE, ADMIN)
    assert answer.status_code == 422, answer.text


def test_one_that_there_is_not_is_404(alarm: Alarm) -> None:
    for method in ("GET", "DELETE"):
        answer = alarm.ask(method, "/geofences/none", headers=ADMIN)
        assert (answer.status_code, "no geofence is called 'none'" in answer.text) == (404, True)
