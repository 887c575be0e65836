"""The parts of a Kafka source by themselves: URLs, records, and the buffer of a partition."""

import time

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from core.errors import StartupError
from core.settings import Settings
from ingest.journal import Record
from ingest.kafka.address import parse_kafka
from ingest.kafka.client import client_settings
from ingest.kafka.partition import Fetched, PartitionStream
from ingest.kafka.records import Recorder
from ingest.sources import make_source, parse_address

MOMENT = 1_790_000_000_000


def test_a_url_names_brokers_topic_group_and_security() -> None:
    address = parse_kafka("kafka://me:p%40ss@one,two:9093,[::1]:9094/fleet.v1?group=g&tls=1&sasl=scram-sha-256")
    assert (address.brokers, address.topic, address.group) == ("one:9092,two:9093,[::1]:9094", "fleet.v1", "g")
    assert address.name == "kafka://one:9092,two:9093,[::1]:9094/fleet.v1"
    assert "p@ss" not in repr(address)
    settings = client_settings(address)
    assert settings["security.protocol"] == "SASL_SSL"
    assert (settings["sasl.username"], settings["sasl.password"]) == ("me", "p@ss")
    assert settings["sasl.mechanism"] == "SCRAM-SHA-256"


@pytest.mark.parametrize(
    ("options", "protocol"), [("", "PLAINTEXT"), ("?tls=1", "SSL"), ("?tls=0", "PLAINTEXT"), ("?ca=/ca.pem", "SSL")]
)
def test_what_is_not_asked_for_is_not_secured(options: str, protocol: str) -> None:
    settings = client_settings(parse_kafka(f"kafka://a/b{options}"))
    assert settings["security.protocol"] == protocol
    assert settings.get("ssl.ca.location") == ("/ca.pem" if "ca" in options else None)


def test_without_a_group_it_is_waypost_and_a_name_is_taken() -> None:
    address = parse_kafka("kafka://a/b?source=fleet")
    assert (address.group, address.name, address.brokers) == ("waypost", "fleet", "a:9092")


@pytest.mark.parametrize(
    "url", ["kafka://a", "kafka:///b", "kafka://a,/b", "kafka://a:x/b", "kafka://a/b?nope=1", "kafka://a/b?session_s=0"]
)
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(StartupError, match=r"^WAYPOST_SOURCES"):
        make_source(parse_address(url))


def test_commas_part_sources_where_a_transport_follows() -> None:
    settings = Settings(sources="zmq://a:1,kafka://b,c:9093/t, udp://d:2,", data_dir="x")
    assert settings.source_urls() == ["zmq://a:1", "kafka://b,c:9093/t", "udp://d:2"]


def message(offset: int, value: bytes | None = b"x", at: int = MOMENT, **more: object) -> Message:
    """A message as a consumer gives it."""
    stamp = (TIMESTAMP_CREATE_TIME, at)
    return Message("t", 0, offset, None, value, timestamp=stamp, **more)  # type: ignore[arg-type]  # passed on


def test_what_came_together_stands_together_and_holes_do_no_harm() -> None:
    recorder = Recorder("name")
    found = list(recorder.records([message(3), message(4, None), message(9), message(10, at=MOMENT + 10)]))
    assert [(f.first, f.record) for f in found] == [
        (3, Record(10, MOMENT * 1000, "name", [b"x", b"x"])),
        (10, Record(11, (MOMENT + 10) * 1000, "name", [b"x"])),
    ]
    assert recorder.empty == 1


def test_tombstones_alone_move_the_place_on() -> None:
    [found] = Recorder("name").records([message(3, None), message(4, None)])
    assert found.record == Record(5, MOMENT * 1000, "name", [])


def test_moments_that_cannot_be_are_replaced_by_now() -> None:
    before = time.time_ns() // 1000 - 10_000
    ahead = message(2, at=int(time.time() * 1000) + 3_600_000)
    undated = Message("t", 0, 3, None, b"x", timestamp=(TIMESTAMP_NOT_AVAILABLE, 0))
    for found in Recorder("name").records([message(0, at=0), message(1, at=-1), ahead, undated]):
        assert before <= found.record.received_at <= time.time_ns() // 1000


def test_names_of_sources_are_few() -> None:
    recorder = Recorder("name")
    found = list(recorder.records(message(n, headers=[("source", b"s%d" % n)]) for n in range(1500)))
    assert len({f.record.source for f in found}) == 1001
    assert found[-1].record.source == "name"


def filled(stream: PartitionStream, *ends: int, size: int = 10) -> None:
    """Push records that end at these sequence numbers, each from where the one before ended."""
    first = 0
    for end in ends:
        stream.push(Fetched(first, Record(end, 0, "s", [b"x"]), size))
        first = end


def placed(most_bytes: int = 1000) -> PartitionStream:
    """A stream that is filled from the beginning."""
    stream = PartitionStream("s", 0, most_bytes=most_bytes)
    assert stream.read(0, 10) == []
    assert stream.wanted() == 0
    stream.place(0)
    assert stream.wanted() is None
    return stream


def test_a_buffer_gives_what_it_has_and_keeps_it_until_it_is_stored() -> None:
    stream = placed()
    filled(stream, 5, 8, 20)
    assert [r.sequence for r in stream.read(0, 2)] == [5, 8]
    assert [r.sequence for r in stream.read(8, 10)] == [20]
    assert [r.sequence for r in stream.read(0, 10)] == [5, 8, 20]
    assert stream.in_flight()["s"].payloads == 3
    stream.stored(8)
    assert [r.sequence for r in stream.read(8, 10)] == [20]
    assert stream.committed == 8
    assert stream.in_flight()["s"].payloads == 1
    stream.stored(20)
    assert stream.in_flight() == {}


@pytest.mark.parametrize("after", [6, 25, 3])
def test_a_place_within_a_record_or_outside_is_fetched_anew(after: int) -> None:
    stream = placed()
    filled(stream, 5, 8, 20)
    stream.stored(5)
    assert stream.read(after, 10) == []
    assert stream.wanted() == after
    filled(stream, 30)
    stream.place(after)
    stream.push(Fetched(after - 1, Record(after, 0, "s", [b"stale"]), 10))
    stream.push(Fetched(after, Record(after + 5, 0, "s", [b"x"]), 10))
    assert [r.sequence for r in stream.read(after, 10)] == [after + 5]


def test_a_full_buffer_lets_go_of_what_was_read_and_fetches_it_again_when_it_is_needed() -> None:
    stream = placed(most_bytes=30)
    filled(stream, 5, 8, 20)
    assert stream.is_full()
    assert not stream.has_room()
    assert stream.read(20, 10) == []
    assert stream.has_room()
    assert stream.read(5, 10) == []
    assert stream.wanted() == 5


def test_what_is_another_s_now_gives_nothing() -> None:
    stream = placed()
    filled(stream, 5)
    stream.close()
    filled(stream, 8)
    assert stream.read(0, 10) == []
    assert stream.wanted() is None
