"""The ZMQ source against real publishers on this machine."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import zmq

from core.errors import JournalFull
from ingest.journal import Journal
from ingest.sources import SourceStatus, ZmqSource, parse_address
from ingest.sources.intake import Intake


class Publisher:
    """A PUB socket that loses nothing: no high water mark, and it waits until the source has subscribed."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.socket.setsockopt(zmq.IPV6, 1)
        self.socket.setsockopt(zmq.LINGER, 10_000)
        self.socket.bind(f"tcp://{host}:{port or '*'}")
        self.port = int(self.socket.getsockopt_string(zmq.LAST_ENDPOINT).rpartition(":")[2])

    def await_subscriber(self) -> bytes:
        assert self.socket.poll(30_000), "nobody subscribed"
        return self.socket.recv()

    def close(self) -> None:
        self.socket.close()
        self.context.term()


class Receiver:
    """A started source and its journal."""

    def __init__(self, directory: Path, port: int, options: str = "", host: str = "127.0.0.1") -> None:
        self.journal = Journal(directory, segment_bytes=16 << 20, max_bytes=256 << 20)
        self.source = ZmqSource(parse_address(f"zmq://{host}:{port}?source=s{options}"))

    def stop(self) -> None:
        """Stop, and wait for what was received to be in the journal, however slow that is."""
        thread = self.source._thread
        assert thread is not None
        self.source.stop()
        thread.join(60)

    def payloads(self) -> list[bytes]:
        return [payload for record in self.journal.read(0, 10**9) for payload in record.payloads]

    def close(self) -> None:
        self.source.stop()
        self.journal.close()


@pytest.fixture
def publish() -> Iterator[Callable[..., Publisher]]:
    made: list[Publisher] = []

    def make(port: int = 0, host: str = "127.0.0.1") -> Publisher:
        made.append(Publisher(port, host))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


@pytest.fixture
def receive(tmp_path: Path) -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(port: int, options: str = "", host: str = "127.0.0.1") -> Receiver:
        made.append(Receiver(tmp_path / f"journal-{len(made)}", port, options, host))
        made[-1].source.start(made[-1].journal)
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come about within a minute"
        time.sleep(0.01)


def test_what_is_published_stands_in_the_journal_in_order(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver]
) -> None:
    publisher = publish()
    receiver = receive(publisher.port)
    assert publisher.await_subscriber() == b"\x01"
    sent = [b"%d" % n for n in range(100)] + [b""]
    for payload in sent:
        publisher.socket.send(payload)
    wait_until(lambda: receiver.source.status.received == 101)
    wait_until(lambda: receiver.payloads() == sent)
    assert {r.source for r in receiver.journal.read(0, 1000)} == {"s"}
    assert receiver.source.status.receiving()
    assert receiver.source.status.dropped == 0


def test_of_several_frames_the_last_is_the_payload(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver]
) -> None:
    publisher = publish()
    receiver = receive(publisher.port, "&topic=bus")
    assert publisher.await_subscriber() == b"\x01bus"
    publisher.socket.send_multipart([b"tram", b"not subscribed"])
    publisher.socket.send_multipart([b"bus/1", b"one"])
    publisher.socket.send_multipart([b"bus/2", b"header", b"two"])
    publisher.socket.send(b"bus three")
    wait_until(lambda: receiver.payloads() == [b"one", b"two", b"bus three"])


def test_topics_are_told_from_messages_after_thousands_of_whole_ones_too(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver]
) -> None:
    publisher = publish()
    receiver = receive(publisher.port)
    publisher.await_subscriber()
    whole = [b'{"device_id":"a","n":%d}' % n for n in range(3000)]
    for payload in whole:
        publisher.socket.send(payload)
    for payload in whole:
        publisher.socket.send_multipart([b"bus", b"line 7", payload])
    wait_until(lambda: receiver.source.status.received >= 6000)
    wait_until(lambda: receiver.payloads() == whole + whole)


def test_a_sender_with_headers_of_json_is_noticed_and_its_payloads_are_all_taken(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver]
) -> None:
    publisher = publish()
    receiver = receive(publisher.port)
    publisher.await_subscriber()
    whole = [b'{"device_id":"a","n":%d}' % n for n in range(3000)]
    for payload in whole:
        publisher.socket.send(payload)
    for payload in whole:
        publisher.socket.send_multipart([b'{"header":1}', payload])
    wait_until(lambda: receiver.payloads()[-1:] == whole[-1:] and receiver.source.status.received >= 6000)
    taken = receiver.payloads()
    assert [payload for payload in taken if b"header" not in payload] == whole + whole
    assert len(taken) < 6000 + 40, "headers went on being taken for messages"


def test_a_publisher_that_comes_later_and_one_that_comes_back_are_found(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver]
) -> None:
    first = publish()
    port = first.port
    first.close()
    receiver = receive(port)
    for payload in (b"late", b"back", b"back again"):
        publisher = publish(port)
        publisher.await_subscriber()
        publisher.socket.send(payload)
        wait_until(lambda payload=payload: payload in receiver.payloads())  # type: ignore[misc]
        publisher.close()
    assert receiver.payloads() == [b"late", b"back", b"back again"]


def test_a_burst_of_100_000_is_complete_and_in_order(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver]
) -> None:
    publisher = publish()
    receiver = receive(publisher.port)
    publisher.await_subscriber()
    sent = [b'{"device_id":"d","seq":%d}' % n for n in range(100_000)]
    for payload in sent:
        publisher.socket.send(payload)
    wait_until(lambda: receiver.source.status.received == 100_000)
    receiver.stop()
    assert receiver.payloads() == sent
    assert len(receiver.journal.read(0, 10**9)) < 10_000


def test_large_messages_fill_a_record_by_bytes(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large messages are, a batch of them has to fit into a record and into memory."""
    monkeypatch.setattr("ingest.sources.batch.BATCH_BYTES", 1000)
    publisher = publish()
    receiver = receive(publisher.port)
    publisher.await_subscriber()
    for _ in range(500):
        publisher.socket.send(bytes(100))
    wait_until(lambda: receiver.source.status.received == 500)
    receiver.source.stop()
    assert max(len(record.payloads) for record in receiver.journal.read(0, 10**9)) <= 10
    assert len(receiver.payloads()) == 500


def test_a_batch_of_nothing_leaves_no_record(tmp_path: Path) -> None:
    journal, status = Journal(tmp_path, segment_bytes=1 << 20, max_bytes=4 << 20), SourceStatus()
    Intake("s", journal, status).take([])
    assert journal.next_sequence == 1
    assert status == SourceStatus()
    journal.close()


def test_it_listens_to_ipv6(publish: Callable[..., Publisher], receive: Callable[..., Receiver]) -> None:
    try:
        publisher = publish(0, "[::1]")
    except zmq.ZMQError as error:
        pytest.skip(f"there is no IPv6 on this machine: {error}")
    receiver = receive(publisher.port, host="[::1]")
    publisher.await_subscriber()
    publisher.socket.send(b"six")
    wait_until(lambda: receiver.payloads() == [b"six"])


@pytest.mark.parametrize("why", [JournalFull("no room"), ValueError("too much at once"), MemoryError()])
def test_what_the_journal_does_not_take_is_counted_and_the_source_lives_on(
    publish: Callable[..., Publisher],
    receive: Callable[..., Receiver],
    monkeypatch: pytest.MonkeyPatch,
    why: Exception,
) -> None:
    publisher = publish()
    receiver = receive(publisher.port)
    publisher.await_subscriber()

    def refuse(*_args: object) -> int:
        raise why

    with monkeypatch.context() as full:
        full.setattr(receiver.journal, "append", refuse)
        for _ in range(10):
            publisher.socket.send(b"lost")
        wait_until(lambda: receiver.source.status.dropped == 10)
        assert receiver.source.status.problem
    publisher.socket.send(b"kept")
    wait_until(lambda: receiver.payloads() == [b"kept"])
    assert (receiver.source.status.received, receiver.source.status.dropped) == (11, 10)
    assert receiver.source.status.problem is None


def test_stop_puts_what_was_received_into_the_journal(
    publish: Callable[..., Publisher], receive: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is slow, so that ZMQ holds messages that the source has not seen when it is told to stop."""
    publisher = publish()
    receiver = receive(publisher.port)
    publisher.await_subscriber()
    held, go_on = threading.Event(), threading.Event()
    append = receiver.journal.append

    def slow(source: str, payloads: Sequence[bytes]) -> int:
        held.set()
        go_on.wait(60)
        return append(source, payloads)

    monkeypatch.setattr(receiver.journal, "append", slow)
    publisher.socket.send(b"0")
    assert held.wait(30)
    sent = [b"%d" % n for n in range(20_000)]
    # It shares the source's receiving thread, and so has everything about when the source's socket has.
    probe: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    with probe:
        probe.setsockopt(zmq.RCVHWM, 0)
        probe.setsockopt(zmq.SUBSCRIBE, b"")
        probe.connect(f"tcp://127.0.0.1:{publisher.port}")
        publisher.await_subscriber()
        for payload in sent[1:]:
            publisher.socket.send(payload)
        while probe.recv() != sent[-1]:
            pass
    time.sleep(1.0)
    monkeypatch.setattr("ingest.sources.zmq._DRAIN_S", 60.0)
    receiver.source._stopping.set()
    go_on.set()
    receiver.stop()
    assert receiver.payloads() == sent


def test_stop_ends_the_thread_though_nothing_ever_came(receive: Callable[..., Receiver]) -> None:
    receiver = receive(1)
    receiver.source.stop()
    assert "source s" not in {thread.name for thread in threading.enumerate()}
    assert not receiver.source.status.receiving()
