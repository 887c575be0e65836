"""The collector's topic: what append has returned for is in it, and the rest is the sender's to repeat."""

import threading
import time
from collections.abc import Iterator

import pytest

from core.errors import JournalFull, StartupError
from ingest.kafka.appender import KafkaAppender
from tests.fix_kafka import Broker
from tests.ingest.kafka_members import LEDGER, Group, payload


@pytest.fixture
def topic(broker: Broker) -> str:
    """A topic of one partition."""
    return broker.topic()


@pytest.fixture
def appender(broker: Broker, topic: str) -> Iterator[KafkaAppender]:
    """Appends to it."""
    made = KafkaAppender(f"kafka://{broker.address}/{topic}")
    yield made
    made.close()


def test_what_was_appended_is_in_the_topic_in_its_order(broker: Broker, topic: str, appender: KafkaAppender) -> None:
    appender.append("http", [b"%d" % n for n in range(500)])
    appender.append("http", [b"a", b"b"], keys=[b"k1", b"k2"])
    appender.append("http", [])
    assert broker.contents(topic, 502) == [*((None, b"%d" % n) for n in range(500)), (b"k1", b"a"), (b"k2", b"b")]


def test_many_threads_append_at_once(broker: Broker, topic: str, appender: KafkaAppender) -> None:
    def run(number: int) -> None:
        for turn in range(10):
            appender.append(f"s{number}", [b"%d %d %d" % (number, turn, n) for n in range(20)])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [value for _, value in broker.contents(topic, 1600)]
    assert len(found) == len(set(found)) == 1600


def test_the_ingest_reads_it_by_the_sources_that_sent_it(group: Group, topic: str, appender: KafkaAppender) -> None:
    appender.append("http", [payload("a", n) for n in range(50)])
    appender.append("gate", [payload("b", n) for n in range(30)])
    group.member(topic)
    group.wait("all of it", lambda: group.stored() == 80)
    assert group.ask(LEDGER) == [("gate", 30, 30, 0, 0), ("http", 50, 50, 0, 0)]


def test_a_broker_that_does_not_answer_is_a_full_journal_in_bounded_time(own_broker: Broker) -> None:
    topic = own_broker.topic()
    appender = KafkaAppender(f"kafka://{own_broker.address}/{topic}", give_up_s=10.0)
    appender.append("http", [b"before"])
    own_broker.pause()
    begin = time.monotonic()
    with pytest.raises(JournalFull, match=f"the topic {topic} at .* does not take it"):
        appender.append("http", [b"meanwhile"])
    assert time.monotonic() - begin < 60
    own_broker.resume()
    for _ in range(30):
        try:
            appender.append("http", [b"after"])
        except JournalFull:
            continue
        break
    assert own_broker.contents(topic, 2)[-1] == (None, b"after")
    appender.close()
    with pytest.raises(JournalFull, match="closed"):
        appender.append("http", [b"later"])


def test_a_broker_that_begins_anew_is_taken_up_again(own_broker: Broker) -> None:
    topic = own_broker.topic()
    appender = KafkaAppender(f"kafka://{own_broker.address}/{topic}", give_up_s=10.0)
    appender.append("http", [b"%d" % n for n in range(10)])
    own_broker.stop()
    with pytest.raises(JournalFull):
        appender.append("http", [b"meanwhile"])
    own_broker.start()
    own_broker.topic(name=topic)
    for _ in range(60):
        try:
            appender.append("http", [b"after"])
        except JournalFull:
            continue
        break
    assert own_broker.contents(topic, 1)[-1] == (None, b"after")
    appender.close()


def test_a_payload_larger_than_a_message_may_be_is_refused_for_good(appender: KafkaAppender) -> None:
    with pytest.raises(ValueError, match="2000000 bytes"):
        appender.append("http", [b"x" * 2_000_000])
    appender.append("http", [b"small"])


@pytest.mark.parametrize("url", ["http://a/b", "kafka://a", "kafka://a/b?speed=mph&x=1", "kafka://u@a/b?sasl=odd"])
def test_a_url_that_cannot_be_used_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(StartupError, match=r"^WAYPOST_COLLECTOR_TOPIC"):
        KafkaAppender(url)
