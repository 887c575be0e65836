"""Real recordings by every way in: what they hold is on the map, and the account is that of the files, counted here."""

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from simulate.cli import add_publish_arguments, run_publish
from tests.app.process import Waypost, free_port, wait_for
from tests.conftest import SHARED
from tests.fix_kafka import Broker
from tests.ingest.ais_read_plainly import read_plainly
from tests.ingest.mqtt_broker import Broker as MqttBroker
from tests.ingest.mqtt_broker import find_mosquitto
from tests.ingest.test_recordings import lines_of

TOKEN = "wp_ways"


class Ways(NamedTuple):
    """A Waypost with a source of each kind, and where each is sent to."""

    waypost: Waypost
    to: dict[str, str]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Ways]:
    directory = tmp_path_factory.mktemp("ways")
    mqtt = MqttBroker(find_mosquitto(), directory / "mosquitto", "max_inflight_messages 1000\n")
    mqtt.start()
    udp, tcp, topic = free_port(), free_port(), shared_broker.topic()
    sources = [
        f"udp://127.0.0.1:{udp}?decode=ais&source=coast",
        f"tcp://127.0.0.1:{tcp}?listen=1&source=vessels",
        f"mqtt://127.0.0.1:{mqtt.port}/aircraft/%23?source=aircraft&speed=kn&altitude=ft",
        f"kafka://{shared_broker.address}/{topic}?source=boat&session_s=1",
    ]
    with Waypost(directory / "data", SOURCES=",".join(sources), INGEST_TOKEN=TOKEN) as waypost:
        waypost.ready()
        to = {
            "coast": f"udp://127.0.0.1:{udp}",
            "vessels": f"tcp://127.0.0.1:{tcp}",
            "aircraft": f"mqtt://127.0.0.1:{mqtt.port}/aircraft/{{device}}",
            "boat": f"kafka://{shared_broker.address}/{topic}",
            "http": f"{waypost.url}/api/v1/ingest",
        }
        yield Ways(waypost, to)
    mqtt.stop()


def publish(ways: Ways, file: str, source: str, *arguments: str) -> None:
    """Send each line of a recording as it stands, as `app.py publish` does."""
    parser = argparse.ArgumentParser()
    add_publish_arguments(parser)
    argv = [str(SHARED / "data" / file), "--raw", "--to", ways.to[source], "--token", TOKEN, "--quiet", *arguments]
    assert run_publish(parser.parse_args(argv)) == 0


def settled(ways: Ways, source: str, received: int) -> dict[str, Any]:
    """The account of a source once it has received so many and none of them is under way."""

    def account() -> dict[str, Any] | None:
        found: list[dict[str, Any]] = ways.waypost.get("/api/v1/pipeline")["sources"]
        line = next((line for line in found if line["source"] == source), None)
        if line is None or None in (line["stored"], line["dropped"]):
            return None  # the ledger and the source itself tell their parts, one of them first
        return line if line["received"] >= received and line["in_flight"] == 0 else None

    line: dict[str, Any] = wait_for(f"{source} to have received {received}", account)
    assert line["received"] == line["stored"] + line["duplicate"] + line["quarantined"]
    assert (line["gaps"], line["dropped"], line["problem"]) == (0, 0, None)
    return {name: line[name] for name in ("received", "stored", "duplicate", "quarantined")}


def live(ways: Ways) -> dict[str, dict[str, Any]]:
    """The newest of each device, with its label."""
    labels = {d["device_id"]: d["label"] for d in ways.waypost.get("/api/v1/devices?limit=10000")["devices"]}
    return {
        d["device_id"]: d | {"label": labels[d["device_id"]]} for d in ways.waypost.get("/api/v1/latest")["devices"]
    }


def near(value: Any) -> Any:
    """Places are kept to a millionth of a degree or better, the rest in single precision."""
    return None if value is None else pytest.approx(value, abs=2e-6, rel=1e-6)


def rows_of(name: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in lines_of(f"{name}.ndjson.gz")]


def newest(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The last row of each device that has a place."""
    placed = sorted((row for row in rows if "lat" in row), key=lambda row: str(row["ts"]))
    return {row["device_id"]: row for row in placed}


def test_a_log_of_a_coast_guard_over_udp_puts_its_vessels_on_the_map_by_name(ways: Ways) -> None:
    reports = read_plainly(lines_of("ais-stream.nmea.gz"))
    publish(ways, "ais-stream.nmea.gz", "coast", "--rate-lines", "3000")
    usable = [r for r in reports if r.mmsi and not r.of_no_use]
    assert len({(r.mmsi, r.moment) for r in usable if r.lat is not None}) == 3_127, "no place is repeated"
    assert settled(ways, "coast", len(reports)) == {
        "received": 4_051,
        "stored": len(usable),
        "duplicate": 0,
        "quarantined": len(reports) - len(usable),
    }
    shown = live(ways)
    last = {f"{r.mmsi:09}": r for r in usable if r.lat is not None}
    names = {f"{r.mmsi:09}": r.name for r in usable if r.name}
    assert len(last) == 1_480
    for name, report in last.items():
        assert (shown[name]["lat"], shown[name]["lon"]) == (near(report.lat), near(report.lon))
        assert shown[name]["label"] == names.get(name)
    assert sum(name in names for name in last) == 172


def test_vessels_over_tcp_are_where_their_last_report_says(ways: Ways) -> None:
    rows = rows_of("ais-aava")
    publish(ways, "ais-aava.ndjson.gz", "vessels", "--speed", "0")
    assert settled(ways, "vessels", len(rows)) == {
        "received": 2_867,
        "stored": len({(row["device_id"], row["ts"]) for row in rows}),
        "duplicate": 0,
        "quarantined": 0,
    }
    shown = live(ways)
    last = newest(rows)
    assert len(last) == 95
    for name, row in last.items():
        assert (shown[name]["lat"], shown[name]["lon"]) == (near(row["lat"]), near(row["lon"]))
        assert shown[name]["speed"] == (near(row["speed"]) if "speed" in row else None)


def test_aircraft_over_mqtt_come_in_knots_and_feet_and_are_shown_in_si(ways: Ways) -> None:
    rows = rows_of("adsb-noisy")
    publish(ways, "adsb-noisy.ndjson.gz", "aircraft", "--speed", "0")
    assert settled(ways, "aircraft", len(rows)) == {
        "received": 9_605,
        "stored": len({(row["device_id"], row["ts"]) for row in rows}),
        "duplicate": 0,
        "quarantined": 0,
    }
    shown = live(ways)
    for name, row in newest(rows).items():
        assert (shown[name]["lat"], shown[name]["lon"]) == (near(row["lat"]), near(row["lon"]))
        assert shown[name]["speed"] == near(row["speed"] * 1852 / 3600)
        assert shown[name]["altitude"] == near(row["altitude"] * 0.3048)


def test_a_boat_over_kafka_and_once_more_over_http_is_stored_once(ways: Ways) -> None:
    rows = rows_of("boat-sensors-aava")
    told: set[tuple[str, str, Any]] = set()
    repeated = 0
    for row in rows:
        facts = {(row["ts"], name, value) for name, value in row.items() if type(value) in {int, float}}
        repeated += facts <= told
        told |= facts
    publish(ways, "boat-sensors-aava.ndjson.gz", "boat", "--speed", "0")
    assert settled(ways, "boat", len(rows)) == {
        "received": 7_008,
        "stored": len(rows) - repeated,
        "duplicate": repeated,
        "quarantined": 0,
    }
    publish(ways, "boat-sensors-aava.ndjson.gz", "http", "--speed", "0", "--batch", "500")
    assert settled(ways, "http", len(rows)) == {"received": 7_008, "stored": 0, "duplicate": 7_008, "quarantined": 0}
    boat = live(ways)["aava"]
    last = newest(rows)["aava"]
    assert (boat["lat"], boat["lon"]) == (near(last["lat"]), near(last["lon"]))
    depths = [row["depth_m"] for row in rows if "depth_m" in row]
    assert boat["values"]["depth_m"] == near(depths[-1])
