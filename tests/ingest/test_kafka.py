"""A topic as a source: its partitions are stored exactly once, whoever reads them and whatever is killed meanwhile."""

import json
import threading

import psycopg
import pytest
import redis

from db.database import conninfo
from db.live import LATEST, unpack
from tests.fix_kafka import Broker
from tests.ingest.kafka_members import LEDGER, Group, Load, payload


def test_what_a_topic_holds_is_stored_shown_and_accounted_for(group: Group, broker: Broker, redis_url: str) -> None:
    topic = broker.topic(2)
    broker.send(topic, [payload("a", n, battery=n / 10) for n in range(300)], partition=0)
    broker.send(topic, [payload("b", n) for n in range(200)], partition=1)
    member = group.member(topic, "source=test")  # in the group that Waypost joins by itself
    group.wait("all of it", lambda: group.stored() == 500)
    assert group.ask(LEDGER) == [("test", 500, 500, 0, 0)]
    assert group.ask("SELECT stream, position FROM checkpoint ORDER BY 1") == [
        (f"kafka:waypost:{topic}:0", 300),
        (f"kafka:waypost:{topic}:1", 200),
    ]
    assert group.ask("SELECT count(*) FROM measurement") == [(300,)]
    with redis.Redis.from_url(redis_url) as client:
        expected = [30.0199, 30.0299]
        group.wait(
            "both to be shown",
            lambda: sorted(r["lat"] for r in unpack(b"".join(client.hvals(LATEST)))) == expected,
        )
    assert member.source.status.received == 500


def test_poison_is_set_aside_and_the_partition_moves_on(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", 0), b"\xff\x00", None, b"", b'{"lat": 1}', None, payload("a", 1), None])
    group.member(topic)
    group.wait("the end of it", lambda: group.ask("SELECT position FROM checkpoint") == [(8,)])
    assert group.ask(LEDGER) == [("test", 5, 2, 0, 3)]
    assert group.ask("SELECT reason FROM quarantine ORDER BY id") == [("not JSON",), ("not JSON",), ("no device",)]


def test_a_header_names_the_source(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    for header in (b"http", b"bad\nname", b"\xff", b"x" * 201):
        broker.send(topic, [payload(f"d{len(header)}", 1)], headers=[("other", b"x"), ("source", header)])
    group.member(topic)
    group.wait("all of it", lambda: group.stored() == 4)
    assert group.ask(LEDGER) == [("http", 1, 1, 0, 0), ("test", 3, 3, 0, 0)]


def test_a_message_without_a_timestamp_gets_that_of_the_broker(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    for moment in (1_790_000_001_000, 1_790_000_002_000):
        broker.send(topic, [json.dumps({"device_id": "a", "lat": 1, "lon": 2}).encode()], timestamp=moment)
    group.member(topic)
    group.wait("both", lambda: group.ask("SELECT position FROM checkpoint") == [(2,)])
    assert group.stored() == 2
    assert group.ask("SELECT bool_and(ts = received_at) FROM position") == [(True,)]


def test_who_comes_back_goes_on_where_storing_stopped(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", n) for n in range(500)])
    first = group.member(topic)
    group.wait("all of it", lambda: group.stored() == 500)
    group.leave(first)
    broker.send(topic, [payload("a", n) for n in range(500, 900)])
    second = group.member(topic)
    group.wait("the rest", lambda: group.stored() == 900)
    assert group.ask(LEDGER) == [("test", 900, 900, 0, 0)]
    assert second.source.status.received == 400


def test_two_share_the_partitions_and_each_message_is_stored_once_though_they_come_and_go(
    group: Group, broker: Broker
) -> None:
    topic = broker.topic(4)
    with Load(broker, topic, 4) as load:
        first = group.member(topic)
        group.wait("the first to begin", lambda: group.stored() > 500)
        second = group.member(topic)
        group.wait("both to have a part", lambda: first.partitions() and len(second.partitions()) == 2)
        stored = group.stored()
        group.wait("more to be stored", lambda: group.stored() > stored + 1000)
        group.leave(first)
        group.wait("the second to have all", lambda: second.partitions() == [0, 1, 2, 3])
        third = group.member(topic)
        group.wait("the third to have a part", lambda: len(third.partitions()) == 2)
    group.wait("all of it", lambda: group.stored() == load.sent)
    assert group.ask(LEDGER) == [("test", load.sent, load.sent, 0, 0)]
    assert group.ask("SELECT sum(position) FROM checkpoint") == [(load.sent,)]
    for member in (second, third):
        assert [lane.stream for lane in member.pipeline.lanes()] == list(member.source.streams())


def test_one_that_was_left_behind_stores_nothing_twice(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", n) for n in range(300)])
    stale, other = group.member(topic, "source=test&group=one"), group.member(topic, "source=test&group=other")
    group.wait("both", lambda: group.ask(LEDGER) == [("test", 600, 300, 300, 0)])
    stale.ticking.clear()
    broker.send(topic, [payload("a", n) for n in range(300, 400)])
    group.wait("the other", lambda: group.ask(LEDGER) == [("test", 700, 400, 300, 0)])
    # As if another had stored the same partition up to the middle of what the stale one has in its buffer.
    group.wait("the stale one to have fetched it", lambda: stale.source.status.received == 400)
    group.run(f"UPDATE checkpoint SET position = 350 WHERE stream = 'kafka:one:{topic}:0'")
    stale.ticking.set()
    group.wait("the rest", lambda: group.ask(LEDGER) == [("test", 750, 400, 350, 0)])
    assert other.failed is None
    assert group.ask("SELECT position FROM checkpoint") == [(400,), (400,)]


def test_a_new_device_that_another_was_first_to_store_harms_nothing(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", n) for n in range(10)])
    stale = group.member(topic)
    group.wait("the first", lambda: group.stored() == 10)
    stale.ticking.clear()
    broker.send(topic, [payload("new", n) for n in range(10)])
    group.wait("the stale one to have fetched it", lambda: stale.source.status.received == 20)
    group.run("UPDATE checkpoint SET position = 20")
    stale.ticking.set()
    broker.send(topic, [payload("a", 10)])
    group.wait("what follows", lambda: group.stored() == 11)
    assert group.ask(LEDGER) == [("test", 11, 11, 0, 0)]


def test_what_nobody_takes_up_is_left_with_the_broker(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", 0)])
    member = group.member(topic)
    group.wait("the first", lambda: group.stored() == 1)
    member.ticking.clear()
    [stream] = member.source.streams()
    stream.most_bytes = 20_000
    broker.send(topic, [payload("a", n) for n in range(1, 30_001)])
    group.wait("the buffer to be full", stream.is_full)
    received = -1
    while member.source.status.received > received:
        received = member.source.status.received
        threading.Event().wait(1.0)
    assert received <= 1 + 2 * 5_000
    member.ticking.set()
    group.wait("all of it", lambda: group.stored() == 30_001)
    assert group.ask(LEDGER) == [("test", 30_001, 30_001, 0, 0)]


def test_with_the_database_away_the_map_goes_on_and_all_is_stored_later(
    group: Group, broker: Broker, redis_url: str
) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", 0)])
    member = group.member(topic)
    group.wait("the first", lambda: group.stored() == 1)
    [stream] = member.source.streams()
    stream.most_bytes = 20_000
    admin = conninfo(group.database.set(database="postgres"))  # the database that always takes connections
    name = group.database.database
    with psycopg.connect(admin, autocommit=True) as connection, redis.Redis.from_url(redis_url) as client:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        broker.send(topic, [payload("a", n) for n in range(1, 3000)])

        def shown() -> float:
            return float(unpack(b"".join(client.hvals(LATEST)))[0]["lat"])

        for _ in range(3000):
            if shown() > 30.29:
                break
            threading.Event().wait(0.02)
        assert shown() == pytest.approx(30.2999)
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    group.wait("the backlog", lambda: group.stored() == 3000)
    assert group.ask(LEDGER) == [("test", 3000, 3000, 0, 0)]
