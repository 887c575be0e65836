"""What goes wrong around a topic: processes are killed, brokers keep still, what was to be read next is gone."""

import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Producer
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from ingest.journal import Journal
from tests.app.process import Waypost, wait_for
from tests.fix_kafka import Broker
from tests.ingest.kafka_members import LEDGER, Group, Load, group_on, payload


class MockBroker(Broker):
    """The broker that librdkafka has for its own tests: unlike Tansu it says so when an offset is out of range."""

    def start(self) -> None:
        """It lives in a producer, which says where."""
        self._host = Producer({"bootstrap.servers": "ignored", "test.mock.num.brokers": 1, "log_level": 2})
        [self.address] = [f"{b.host}:{b.port}" for b in self._host.list_topics(timeout=10).brokers.values()]

    def stop(self) -> None:
        """It goes with its producer."""

    def resume(self) -> None:
        """It never keeps still."""


@pytest.fixture
def mock_group(database_url: URL, engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Group]:
    """A group on a mock broker of its own."""
    journal = Journal(tmp_path / "unused", segment_bytes=1 << 20, max_bytes=1 << 24)
    with group_on(MockBroker(), database_url, engine, redis_url, journal) as made:
        yield made
    journal.close()


@pytest.fixture
def own_group(own_broker: Broker, database_url: URL, engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Group]:
    """A group on a broker of its own."""
    journal = Journal(tmp_path / "unused", segment_bytes=1 << 20, max_bytes=1 << 24)
    with group_on(own_broker, database_url, engine, redis_url, journal) as made:
        yield made
    journal.close()


def test_a_process_that_is_killed_loses_nothing_and_doubles_nothing(
    group: Group, broker: Broker, redis_url: str, tmp_path: Path
) -> None:
    topic = broker.topic(4)
    settings = {
        "SOURCES": f"kafka://{broker.address}/{topic}?session_s=1&source=test",
        "DATABASE_URL": group.database.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "MAX_AHEAD_S": "31536000",
    }

    def has_taken_up(waypost: Waypost) -> bool:
        return "partitions taken up" in waypost.said()

    with Load(broker, topic, 4) as load:
        with (
            Waypost(tmp_path / "one", "ingest", **settings) as one,
            Waypost(tmp_path / "two", "ingest", **settings) as two,
        ):
            for waypost in (one, two):
                wait_for("both to have a part", partial(has_taken_up, waypost))
            before = group.stored()
            wait_for("messages to be stored", lambda: group.stored() > before + 1000)
            one.kill(signal.SIGKILL)
            one.process.wait()
            before = load.sent
            wait_for("the other to go on", lambda: group.stored() > before)
            two.kill(signal.SIGKILL)
            two.process.wait()
        with Waypost(tmp_path / "one", "ingest", **settings) as again:
            wait_for("a third to go on", lambda: has_taken_up(again))
            load.stop()
            wait_for("all of it", lambda: group.stored() == load.sent)
            assert group.ask(LEDGER) == [("test", load.sent, load.sent, 0, 0)]
            assert group.ask("SELECT sum(position) FROM checkpoint WHERE stream LIKE 'kafka:%'") == [(load.sent,)]


def test_a_broker_that_keeps_still_longer_than_the_session_is_read_on(own_group: Group, own_broker: Broker) -> None:
    topic = own_broker.topic(2)
    with Load(own_broker, topic, 2) as load:
        member = own_group.member(topic, f"source=test&group=of-{topic}&session_s=1")
        own_group.wait("some of it", lambda: own_group.stored() > 200)
        own_broker.pause()
        own_group.wait("the partitions to be lost", lambda: member.partitions() == [])
        own_broker.resume()
        own_group.wait("the partitions to be back", lambda: member.partitions() == [0, 1])
    own_group.wait("all of it", lambda: own_group.stored() == load.sent)
    assert own_group.ask(LEDGER) == [("test", load.sent, load.sent, 0, 0)]


def test_a_broker_that_is_killed_is_found_again(own_group: Group, own_broker: Broker) -> None:
    topic = own_broker.topic()
    own_broker.send(topic, [payload("a", n) for n in range(100)])
    member = own_group.member(topic)
    own_group.wait("all of it", lambda: own_group.stored() == 100)
    own_broker.stop()
    own_group.wait("it to be noticed", lambda: member.source.status.problem)
    own_broker.start()
    own_broker.topic(name=topic)
    # This broker forgets everything when it is killed, and then says nothing of offsets that it does not have: what
    # comes again up to there stands for what a real one would have kept.
    own_broker.send(topic, [payload("a", n) for n in range(150)])
    own_group.wait("the rest", lambda: own_group.stored() == 150)
    assert own_group.ask(LEDGER) == [("test", 150, 150, 0, 0)]
    own_group.wait("the problem to be over", lambda: member.source.status.problem is None)


def test_a_checkpoint_ahead_of_the_topic_goes_back_to_its_beginning(mock_group: Group) -> None:
    mock_group.broker.send("anew", [payload("a", n) for n in range(50)])
    mock_group.run("INSERT INTO checkpoint (stream, position) VALUES ('kafka:waypost:anew:0', 5000)")
    member = mock_group.member("anew", "source=test&session_s=6")  # it lets members wait for 3 s
    mock_group.wait("all of it", lambda: mock_group.stored() == 50)
    mock_group.broker.send("anew", [payload("a", n) for n in range(50, 70)])
    mock_group.wait("what follows", lambda: mock_group.stored() == 70)
    assert mock_group.ask(LEDGER) == [("test", 70, 70, 0, 0)]
    assert mock_group.ask("SELECT position FROM checkpoint WHERE stream LIKE '%:0'") == [(70,)]
    assert member.source.status.dropped == 0


def test_a_checkpoint_behind_what_is_stored_gives_duplicates_and_no_rows(group: Group, broker: Broker) -> None:
    topic = broker.topic()
    broker.send(topic, [payload("a", n) for n in range(100)])
    member = group.member(topic)
    group.wait("all of it", lambda: group.stored() == 100)
    group.leave(member)
    group.run("UPDATE checkpoint SET position = 40")
    group.member(topic)
    group.wait("the rest", lambda: group.ask("SELECT position FROM checkpoint") == [(100,)])
    assert group.stored() == 100
    assert group.ask(LEDGER) == [("test", 160, 100, 60, 0)]


def test_a_topic_that_is_not_there_yet_is_waited_for_and_said_to_be_missing_until_it_is(
    own_group: Group, own_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka.source._REPORT_S", 0.05)
    member = own_group.member("later")
    own_group.wait("it to be said", lambda: member.source.status.problem)
    for _ in range(20):
        time.sleep(0.05)
        assert member.source.status.problem is not None, "a broker that answers does not make the topic be there"
    own_broker.topic(name="later")
    own_broker.send("later", [payload("a", 1)])
    own_group.wait("it to be found", lambda: own_group.stored() == 1)
    own_group.wait("the trouble to be over", lambda: member.source.status.problem is None)
