"""A collector that writes to a topic: what it has answered is stored by whoever ingests, under its source's name."""

import asyncio

from ingest.collector import topic_collector
from tests.fix_kafka import Broker
from tests.ingest.kafka_members import LEDGER, Group, payload


def test_what_a_topic_s_collector_accepted_is_stored_under_its_source(broker: Broker, group: Group) -> None:
    topic = broker.topic()
    collector = topic_collector(f"kafka://{broker.address}/{topic}", max_ahead_s=10**9)

    async def send() -> None:
        messages = [payload("a", n) for n in range(20)]
        assert collector.check("http", [*messages, b"{}"])[0].index == 20
        await asyncio.gather(*(collector.accept("http", [message]) for message in messages))
        await collector.accept("osmand", [b"id=phone&lat=1&lon=2"])

    asyncio.run(send())
    collector.stop()
    group.member(topic)
    group.wait("all of it", lambda: group.stored() == 21)
    assert group.ask(LEDGER) == [("http", 20, 20, 0, 0), ("osmand", 1, 1, 0, 0)]
