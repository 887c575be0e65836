"""The UDP sources against real datagrams on this machine."""

import socket
import threading
import time
from pathlib import Path

import pytest

from core.errors import StartupError
from ingest.sources.datagrams import KernelDrops, udp_inode
from ingest.sources.intake import Intake
from ingest.sources.status import SourceStatus
from tests.ingest.receiving import FillableJournal, Receiver, free_port, receiving, wait_until

LOCAL = "127.0.0.1"


def datagrams(family: socket.AddressFamily = socket.AF_INET, host: str = LOCAL, port: int = 0) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.settimeout(60)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        pytest.skip(f"no {host} on this machine: {error}")
    return made


def test_what_is_sent_stands_in_the_journal_in_order_and_a_datagram_of_lines_is_one_payload(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with receiving(tmp_path, f"udp://{LOCAL}:{port}?source=s") as receiver, datagrams() as sender:
        sent = [b"%d" % n for n in range(100)] + [b'{"id":1}\n{"id":2}\n', bytes(60_000)]
        for payload in sent:
            sender.sendto(payload, (LOCAL, port))
        receiver.await_payloads(sent)
        assert {r.source for r in receiver.journal.read(0, 1000)} == {"s"}
        assert (receiver.status.received, receiver.status.dropped) == (102, 0)
        assert receiver.status.bytes == sum(map(len, sent))
        assert receiver.status.state == "receiving"


def test_a_burst_is_complete_and_shares_records(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with receiving(tmp_path, f"udp://{LOCAL}:{port}") as receiver, datagrams() as sender:
        for n in range(20_000):
            sender.sendto(b'{"device_id":"d","seq":%d}' % n, (LOCAL, port))
            if n % 100 == 99:
                wait_until(lambda n=n: receiver.status.received > n - 150)  # type: ignore[misc]
        wait_until(lambda: receiver.status.received == 20_000)
        receiver.source.stop()
        assert receiver.payloads() == [b'{"device_id":"d","seq":%d}' % n for n in range(20_000)]
        assert len(receiver.journal.read(0, 10**9)) < 10_000


@pytest.mark.parametrize("sender_is", ["IPv6", "IPv4"])
def test_on_the_ipv6_wildcard_it_hears_both(tmp_path: Path, sender_is: str) -> None:
    family, host = (socket.AF_INET6, "::1") if sender_is == "IPv6" else (socket.AF_INET, LOCAL)
    port = free_port(socket.SOCK_DGRAM)
    with datagrams(family, host) as sender, receiving(tmp_path, f"udp://[::]:{port}") as receiver:
        sender.sendto(b"six", (host, port))
        receiver.await_payloads([b"six"])


def test_what_a_full_journal_does_not_take_is_counted_and_the_source_lives_on(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with receiving(tmp_path, f"udp://{LOCAL}:{port}") as receiver, datagrams() as sender:
        receiver.journal.full.set()
        for _ in range(10):
            sender.sendto(b"lost", (LOCAL, port))
        wait_until(lambda: receiver.status.dropped == 10)
        assert receiver.status.problem == "the journal is full"
        receiver.journal.full.clear()
        sender.sendto(b"kept", (LOCAL, port))
        receiver.await_payloads([b"kept"])
        assert (receiver.status.received, receiver.status.dropped) == (11, 10)
        assert receiver.status.snapshot()["problem"] is None


@pytest.mark.skipif(not Path("/proc/net/udp").exists(), reason="only Linux tells what it dropped")
def test_what_the_system_dropped_is_in_the_account(tmp_path: Path) -> None:
    journal, status = FillableJournal(tmp_path), SourceStatus()
    with datagrams() as small, datagrams() as sender:
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        drops = KernelDrops(small)
        for _ in range(1000):
            sender.sendto(bytes(500), small.getsockname())
        small.setblocking(False)
        came = 0
        try:
            while small.recv(1000):
                came += 1
        except BlockingIOError:
            pass
        assert 0 < came < 1000
        for _ in range(2):
            drops.count(Intake("s", journal, status))
        assert status.received == status.dropped == 1000 - came
        assert udp_inode(small) != udp_inode(sender)
    journal.close()


def test_a_port_in_use_and_an_address_of_others_are_refused_at_the_start(tmp_path: Path) -> None:
    with datagrams() as taken:
        port = taken.getsockname()[1]
        receiver = Receiver(tmp_path / "a", f"udp://{LOCAL}:{port}")
        with pytest.raises(StartupError, match=f"udp://{LOCAL}:{port} cannot be used: the port is in use"):
            receiver.start()
        receiver.close()
    receiver = Receiver(tmp_path / "b", "udp://192.0.2.1:9000")
    with pytest.raises(StartupError, match="does not have that address"):
        receiver.start()
    receiver.close()


def test_stop_puts_what_the_system_still_holds_into_the_journal(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with receiving(tmp_path, f"udp://{LOCAL}:{port}") as receiver, datagrams() as sender:
        held, go_on = threading.Event(), threading.Event()
        append = receiver.journal.append

        def slow(source: str, payloads: list[bytes]) -> int:
            held.set()
            go_on.wait(60)
            return append(source, payloads)

        receiver.journal.append = slow  # type: ignore[method-assign, assignment]
        sender.sendto(b"0", (LOCAL, port))
        assert held.wait(30)
        for n in range(1, 100):
            sender.sendto(b"%d" % n, (LOCAL, port))
        receiver.source._stopping.set()  # type: ignore[attr-defined]
        go_on.set()
        receiver.source.stop()
        assert receiver.payloads() == [b"%d" % n for n in range(100)]
        assert f"source {receiver.source.name}" not in {thread.name for thread in threading.enumerate()}


def test_a_subscriber_asks_first_and_takes_datagrams_from_that_peer_alone(tmp_path: Path) -> None:
    with datagrams() as publisher, datagrams() as stranger:
        port = publisher.getsockname()[1]
        with receiving(tmp_path, f"udp://{LOCAL}:{port}?subscribe=HELLO%20you") as receiver:
            request, asker = publisher.recvfrom(100)
            assert request == b"HELLO you"
            stranger.sendto(b"false", asker)
            publisher.sendto(b"true", asker)
            wait_until(lambda: receiver.status.received >= 1)
            stranger.sendto(b"false again", asker)
            publisher.sendto(b"true again", asker)
            receiver.await_payloads([b"true", b"true again"])


def test_a_subscriber_asks_again_when_the_publisher_is_silent(tmp_path: Path) -> None:
    with (
        datagrams() as publisher,
        receiving(tmp_path, f"udp://{LOCAL}:{publisher.getsockname()[1]}?subscribe=HI&repeat_s=0.2") as receiver,
    ):
        askers = {publisher.recvfrom(100)[1] for _ in range(3)}
        assert len(askers) == 1, "each request came from another port: a publisher would serve them all"
        publisher.sendto(b"now", askers.pop())
        receiver.await_payloads([b"now"])
        publisher.recvfrom(100)


def test_a_subscriber_does_not_ask_again_while_datagrams_come(tmp_path: Path) -> None:
    with (
        datagrams() as publisher,
        receiving(tmp_path, f"udp://{LOCAL}:{publisher.getsockname()[1]}?subscribe=HI&repeat_s=3600") as receiver,
    ):
        asker = publisher.recvfrom(100)[1]
        publisher.settimeout(0.02)
        for n in range(50):
            publisher.sendto(b"%d" % n, asker)
            with pytest.raises(TimeoutError):
                publisher.recvfrom(100)
        receiver.await_payloads([b"%d" % n for n in range(50)])


def test_a_publisher_that_comes_later_and_one_that_comes_back_are_found(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with receiving(tmp_path, f"udp://{LOCAL}:{port}?subscribe=HI&repeat_s=0.2") as receiver:
        wait_until(lambda: receiver.status.restarts > 0)
        assert receiver.status.problem == f"nobody listens at {LOCAL}:{port}"
        for payload in (b"late", b"back"):
            with datagrams(port=port) as publisher:
                publisher.sendto(payload, publisher.recvfrom(100)[1])
                wait_until(lambda payload=payload: payload in receiver.payloads())  # type: ignore[misc]
            assert receiver.status.problem is None or "nobody" in receiver.status.problem
        assert receiver.payloads() == [b"late", b"back"]


def test_of_a_name_with_several_addresses_the_one_that_answers_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the name is looked up again at each try, so that one that comes to mean another machine is followed."""
    with datagrams(host="127.0.0.2") as first, datagrams() as second:
        names = [("127.0.0.3", 9), first.getsockname()]
        resolve = socket.getaddrinfo
        looked_up: list[float] = []

        def pretend(host: str, port: int, **options: int) -> object:
            if host != "publisher":
                return resolve(host, port, **options)
            looked_up.append(time.monotonic())
            return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", where) for where in names]

        monkeypatch.setattr(socket, "getaddrinfo", pretend)
        with receiving(tmp_path, "udp://publisher:9001?subscribe=HI&repeat_s=0.1") as receiver:
            first.sendto(b"one", first.recvfrom(100)[1])
            receiver.await_payloads([b"one"])
            names[:] = [second.getsockname()]
            second.sendto(b"two", second.recvfrom(100)[1])
            receiver.await_payloads([b"one", b"two"])
            assert len(looked_up) > 2


def test_a_name_that_does_not_resolve_is_tried_on(tmp_path: Path) -> None:
    with receiving(tmp_path, "udp://nowhere.invalid:9001?subscribe=HI") as receiver:
        wait_until(lambda: receiver.status.restarts >= 2)
        assert "the name nowhere.invalid does not resolve" in str(receiver.status.problem)
        assert receiver.status.snapshot()["state"] in {"failed", "connecting"}
