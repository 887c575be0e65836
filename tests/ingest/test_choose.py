"""Which decoder a source's options make."""

from pathlib import Path

import pytest

from core.errors import StartupError
from ingest.decoders import decoder_for
from ingest.decoders.choose import DECODERS

NOW = 1_795_382_400_000_000


@pytest.mark.parametrize(
    ("options", "payload", "device"),
    [
        ({}, b'{"device_id":"d","speed":1}', "d"),
        ({"decode": "json", "speed": "kn"}, b'{"device_id":"d","speed":1}', "d"),
        ({"decode": "osmand", "speed": "m/s", "source": "x"}, b"id=d&speed=1", "d"),
        ({"decode": "owntracks"}, b'{"_type":"location","tid":"JJ","vel":1}', "JJ"),
        ({"decode": "traccar"}, b'{"position":{"deviceId":7,"speed":1}}', "7"),
        ({"decode": "ais", "topic": "x"}, b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C", "477553000"),
        ({"decode": "sbs", "tz": "Europe/Paris"}, b"MSG,7,1,1,4CA2D6,1,,,,,,9000", "4CA2D6"),
    ],
)
def test_each_decoder_goes_by_its_name(options: dict[str, str], payload: bytes, device: str) -> None:
    found = decoder_for(options, max_ahead_s=300).decode([payload], NOW)
    assert [m.device for m in found.messages] == [device]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"decode": "xml"}, "decode=xml, which is not known; use json, osmand, owntracks, traccar, ais, sbs."),
        ({"decode": "ais", "speed": "kn"}, "decode=ais with speed=, which it does not take; leave it out."),
        ({"decode": "owntracks", "tz": "UTC"}, "decode=owntracks with tz=, which it does not take"),
        ({"decode": "osmand", "speed": "warp"}, "unknown unit of speed 'warp'; use one of m/s"),
        ({"decode": "sbs", "tz": "Mars"}, "unknown time zone 'Mars'; use a name such as UTC"),
        ({"decode": "sbs", "tz": ""}, "unknown time zone ''"),
        ({"decode": "sbs", "tz": "../etc"}, "unknown time zone '../etc'"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line_that_names_what_can(options: dict[str, str], told: str) -> None:
    with pytest.raises(StartupError) as caught:
        decoder_for(options, max_ahead_s=300)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_documents_tell_of_every_decoder_and_option() -> None:
    text = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text()
    for name, (_, options) in DECODERS.items():
        assert f"`{name}`" in text
        for option in options:
            assert f"| `{option}=" in text
