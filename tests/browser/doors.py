"""Invented doors: people who come and go through two weeks, and sensors that miss some of them."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from tests.app.process import Waypost, wait_for

TOKEN = "wp_of_the_doors"
PASSWORD = "correct horse"
SPACES: dict[str, dict[str, Any]] = {
    "Main hall": {"capacity": 250, "empty_at": "04:00", "opens": "07:00", "closes": "22:00"},
    "Reading room": {"capacity": 80, "empty_at": "04:00", "opens": "08:00", "closes": "20:00"},
    "Lab": {"capacity": 16, "empty_at": "04:00"},
    "Café": {"empty_at": "04:00"},
}
DOORS: dict[str, tuple[dict[str, int], float, float, float]] = {
    "door-north": ({"Main hall": 1}, 9.0, 48.1500, 11.5680),
    "door-south": ({"Main hall": 1}, 6.0, 48.1494, 11.5683),
    "door-reading": ({"Reading room": 1, "Main hall": -1}, 3.5, 48.1498, 11.5691),
    "door-lab": ({"Lab": 1}, 1.2, 48.1489, 11.5672),
    "door-café": ({"Café": 1}, 2.0, 48.1503, 11.5702),
}
"""What each leads into and out of, how many come in five minutes of its best hour, and where it is."""
_BUCKET = timedelta(minutes=5)
_NOON = 14
"""What the clock of the spaces says now, about: pictures are taken in the middle of their day, whenever that is."""


def zone_of(now: datetime) -> tuple[str, timedelta]:
    """A time zone in which it is early afternoon, and its offset."""
    offset = (_NOON - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-offset:+d}" if offset else "UTC", timedelta(hours=offset)


class Admin:
    """Somebody who has signed in, as a page of ours would ask."""

    def __init__(self, waypost: Waypost) -> None:
        self._url = waypost.url
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self.ask("POST", "/api/v1/session", {"user": "admin", "password": PASSWORD})

    def ask(self, method: str, path: str, body: object) -> None:
        """Ask the API; raises where it refuses."""
        headers = {"Authorization": f"Bearer {TOKEN}"} if path.startswith("/api/v1/ingest") else {"Origin": self._url}
        request = urllib.request.Request(  # noqa: S310 - http, and ours
            self._url + path,
            json.dumps(body).encode(),
            headers | {"Content-Type": "application/json"},
            method=method,
        )
        self._opener.open(request, timeout=60).close()


def passages(now: datetime, days: int, seed: int = 7) -> list[dict[str, Any]]:
    """What the sensors report: counts of five minutes, of which one passage in thirty is missed."""
    random = Random(seed)
    found: list[dict[str, Any]] = []
    offset = zone_of(now)[1]
    for device, (_, busy, lat, lon) in DOORS.items():
        inside = 0
        moment = _first(now, days)
        while moment + _BUCKET <= now - timedelta(minutes=90 if device == "door-café" else 0):
            local = moment + offset
            hour = local.hour + local.minute / 60
            crowd = busy * max(0.0, 1 - abs(hour - 12.5) / 6.5) * (0.35 if local.weekday() >= 5 else 1.0)
            into = round(crowd * random.random() * 2 * (1.35 if hour < 12.5 else 0.8))
            out = min(inside, round(inside * (0.04 if hour < 12.5 else 0.1) + crowd * random.random()))
            out = inside if hour > 21.5 else out
            inside += into - out
            seen = [sum(random.random() > 1 / 30 for _ in range(n)) for n in (into, out)]
            if any(seen) or moment.minute % 30 == 0:
                report = {"device_id": device, "ts": moment.isoformat(), "in": seen[0], "out": seen[1]}
                found.append(report | {"lat": lat, "lon": lon, "kind": "door"})
            moment += _BUCKET
    return found


def open_doors(waypost: Waypost, days: int = 14, now: datetime | None = None) -> None:
    """Send the reports, and set up spaces and placements. `waypost` was started with TOKEN and PASSWORD."""
    now, admin = now or datetime.now(UTC), Admin(waypost)
    reports = passages(now, days)
    for start in range(0, len(reports), 5000):
        admin.ask("POST", "/api/v1/ingest?source=doors", reports[start : start + 5000])
    since = _first(now, days).isoformat()
    _wait_until_stored(waypost, len(reports))
    for name, about in SPACES.items():
        admin.ask("PUT", f"/api/v1/spaces/{quote(name)}", about | {"zone": zone_of(now)[0]})
        placed = [
            {"device_id": device, "sign": signs[name], "from": since}
            for device, (signs, *_) in DOORS.items()
            if name in signs
        ]
        admin.ask("PUT", f"/api/v1/spaces/{quote(name)}/placements", placed)


def _first(now: datetime, days: int) -> datetime:
    """Midnight of the first day there."""
    offset = zone_of(now)[1]
    return (now + offset - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0) - offset


def _wait_until_stored(waypost: Waypost, reports: int) -> None:
    """A sensor can be placed once it is known."""

    def are_stored() -> bool:
        sources = waypost.get("/api/v1/pipeline")["sources"]
        return any(one["source"] == "doors" and one["stored"] == reports for one in sources)

    wait_for("the reports of the doors", are_stored)
