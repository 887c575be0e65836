"""OwnTracks: its JSON, and by which name a phone goes."""

from typing import Any

import msgspec
import pytest

from core.reasons import OWNTRACKS_WITHOUT_USE
from core.types import Message
from ingest.decoders import Decoded
from ingest.decoders.owntracks import OwnTracksDecoder, envelope

NOW = 1_795_382_400_000_000
MOMENT = 1_795_382_343_000_000
LOCATION: dict[str, Any] = {
    "_type": "location",
    "tid": "JJ",
    "tst": 1795382343,
    "lat": 48.85833,
    "lon": 2.29513,
    "alt": 35,
    "vel": 54,
    "cog": 271,
    "acc": 5,
    "vac": 3,
    "batt": 41,
    "bs": 1,
    "p": 100.5,
    "t": "u",
    "m": 2,
    "conn": "w",
    "SSID": "home",
    "BSSID": "00:11",
    "inregions": ["Home"],
    "created_at": 1795382344,
    "topic": "owntracks/jane/phone",
}


def decode(payload: bytes) -> Decoded:
    return OwnTracksDecoder().decode([payload], NOW)


def body(but: str = "", **changes: Any) -> bytes:
    return msgspec.json.encode({name: value for name, value in (LOCATION | changes).items() if name != but})


def one(payload: bytes) -> Message:
    found = decode(payload)
    assert found.refused == []
    (message,) = found.messages
    return message


def test_a_location_in_si_units_without_what_is_private_or_of_its_way() -> None:
    assert one(body()) == Message(
        "jane/phone",
        MOMENT,
        NOW,
        48.85833,
        2.29513,
        35.0,
        15.0,
        271.0,
        {
            "pressure": 100_500.0,
            "accuracy": 5.0,
            "vertical_accuracy": 3.0,
            "battery_level": 41.0,
            "battery_status": 1.0,
        },
        {"tid": "JJ"},
    )


def test_a_tracker_that_speaks_owntracks_has_its_readings_as_metrics() -> None:
    message = one(body(odometer=12.5, ubatt=4.1, ign=True, name="Truck 3", imei="123456789012345", rad=20, trip=7))
    assert message.values is not None
    assert {"odometer": 12.5, "ubatt": 4.1, "ign": 1.0, "trip": 7.0}.items() <= message.values.items()
    assert "rad" not in message.values
    assert message.texts == {"label": "Truck 3", "tid": "JJ", "imei": "123456789012345"}


def test_below_zero_means_not_known() -> None:
    message = one(body(vel=-1, cog=-1, vac=-1))
    assert (message.speed, message.heading) == (None, None)
    assert "vertical_accuracy" not in (message.values or {})


@pytest.mark.parametrize(
    ("payload", "device"),
    [
        (body(), "jane/phone"),
        (body("topic"), "JJ"),
        (body(topic="base/of/ours/jane/phone"), "jane/phone"),
        (body(topic="/phone/"), "phone"),
        (body(topic=""), "JJ"),
        (body(topic=7), "JJ"),
        (envelope(body("topic"), user="jane", device="phone"), "jane/phone"),
        (envelope(body(topic="x/y/z"), user="jane", device="phone"), "jane/phone"),
        (envelope(body(), user="jane"), "jane/phone"),
        (envelope(body("topic"), user="jane"), "jane"),
        (envelope(body("topic"), device="phone"), "phone"),
        (envelope(body("topic")), "JJ"),
        (envelope(body("topic"), topic="owntracks/jane/phone"), "jane/phone"),
        (envelope(body(topic="x/y/z"), topic="owntracks/jane/phone"), "jane/phone"),
        (envelope(body("topic", _topic="x/y/z", _user="x", _device="y"), user="jane", device="phone"), "jane/phone"),
        (envelope(body("topic", _user="x", _device="y"), topic="owntracks/jane/phone"), "jane/phone"),
        (envelope(b" " + body("topic") + b"\n", user='"', device="\\"), '"/\\'),
    ],
)
def test_a_phone_is_named_by_its_topic_or_headers_else_by_its_tracker_id(payload: bytes, device: str) -> None:
    assert one(payload).device == device


def test_what_is_no_object_is_handed_on_as_it_is() -> None:
    for payload in (b"", b"[1]", b"{", b"text", b"\xff"):
        assert envelope(payload, topic="a/b") == payload
    assert msgspec.json.decode(envelope(b" { } ", topic="a/b")) == {"_topic": "a/b", "_user": None, "_device": None}


def test_an_arrival_is_an_event_and_where_it_was() -> None:
    arrived = {"_type": "transition", "wtst": 1, "tst": 1795382343, "lat": 48.8, "lon": 2.2, "acc": 9, "tid": "JJ"}
    payload = envelope(
        msgspec.json.encode(arrived | {"event": "enter", "desc": "Home", "t": "c"}), topic="owntracks/jane/phone/event"
    )
    message = one(payload)
    assert (message.device, message.ts, message.lat, message.lon) == ("jane/phone", MOMENT, 48.8, 2.2)
    assert (message.event, message.data) == ("enter", b'{"region":"Home","trigger":"c"}')
    assert message.values == {"accuracy": 9.0}
    assert one(envelope(msgspec.json.encode(arrived | {"event": "leave"}), topic="owntracks/jane/phone")).data is None


def test_a_card_names_the_phone_and_its_picture_is_left_out() -> None:
    card = b'{"_type":"card","name":"Jane","face":"aGVsbG8=","tid":"JJ"}'
    message = one(envelope(card, topic="owntracks/jane/phone/info"))
    assert (message.device, message.texts, message.lat) == ("jane/phone", {"label": "Jane"}, None)


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        (b"", "not JSON", "truncated"),
        (b"[]", "not an object", "array"),
        (b"{}", "not a location", "None"),
        (b'{"_type":"lwt","tst":1}', OWNTRACKS_WITHOUT_USE, "'lwt'"),
        (b'{"_type":"waypoints","waypoints":[]}', OWNTRACKS_WITHOUT_USE, "'waypoints'"),
        (b'{"_type":"card","name":"Jane"}', "no device", ""),
        (b'{"_type":["location"]}', "not a location", "['location']"),
        (body(_type="transition", event=7), "event is not a name", "7"),
        (b'{"_type":"encrypted","data":"xyz"}', "encrypted", "turn encryption off"),
        (envelope(body("tid", topic=None)), "no device", ""),
        (body(lat=95), "latitude out of range", "95"),
        (body("lat"), "half a place", ""),
        (body(tst="soon"), "timestamp not understood", "'soon'"),
        (body(vel="fast"), "speed is not a number", "'fast'"),
    ],
)
def test_what_cannot_be_used_is_refused(payload: bytes, reason: str, detail: str) -> None:
    found = decode(payload)
    assert found.messages == []
    [refused] = found.refused
    assert (refused.reason, refused.payload) == (reason, payload)
    assert detail in refused.detail
