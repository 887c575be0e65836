"""Invented events: vans on their rounds, whose doors and engines say what happens, and some of it not as it should."""

import json
import math
import urllib.request
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.app.process import Waypost

VANS: Final = ("van-1", "van-2", "van-3")
HOURS: Final = 3
_STOP: Final = ("ignition_off", "door_open", "door_close", "ignition_on")
_STEP: Final = timedelta(seconds=30)


def rounds(now: datetime, seed: int = 5) -> list[dict[str, Any]]:
    """Positions and events of the vans in the last hours: they drive in circles, and stop every 20 minutes or so.

    One door in ten says the same twice, and one engine in ten is silent about having stopped."""
    draw, messages = Random(seed), list[dict[str, Any]]()
    for number, van in enumerate(VANS):
        at, angle, until_stop = now - timedelta(hours=HOURS), 2.0 * number, 3.0
        while at < now - timedelta(minutes=1):
            stops = until_stop <= 0
            speed = 0.0 if stops else 9 + 4 * math.sin(7 * angle)
            place = {"lat": 30.27 + 0.012 * math.sin(angle), "lon": -97.74 + 0.015 * math.cos(angle)}
            messages.append({"device_id": van, "ts": at.isoformat(), "speed": speed, "kind": "van"} | place)
            if stops:
                at = _stop(messages, draw, van, at)
                until_stop = draw.uniform(12, 25)
            until_stop -= _STEP.total_seconds() / 60
            angle += 0.02
            at += _STEP
    return [message for message in messages if datetime.fromisoformat(message["ts"]) <= now]


def _stop(messages: list[dict[str, Any]], draw: Random, van: str, at: datetime) -> datetime:
    """What a van says at a stop, and when it goes on."""
    for kind in _STOP:
        at += timedelta(seconds=draw.uniform(20, 150))
        if kind == "ignition_off" and draw.random() < 0.1:
            continue
        data = {"data": {"by": draw.choice(("badge", "key"))}} if kind == "door_open" else {}
        messages.append({"device_id": van, "ts": at.isoformat(), "event": kind} | data)
        if kind == "door_open" and draw.random() < 0.1:
            messages.append({"device_id": van, "ts": (at + timedelta(seconds=9)).isoformat(), "event": kind})
    return at


def send_rounds(waypost: Waypost, token: str) -> None:
    """Send them as the vans would, all at once."""
    body = "\n".join(map(json.dumps, rounds(datetime.now(UTC)))).encode()
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{waypost.url}/api/v1/ingest?source=vans", body, headers)  # noqa: S310 - ours
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - the same
