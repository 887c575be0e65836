"""The TCP sources against real connections on this machine."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.errors import StartupError
from ingest.sources import sockets, tcp_connection
from tests.ingest.receiving import Receiver, free_port, receiving, wait_until

LOCAL = "127.0.0.1"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server((LOCAL, 0)) as listening:
        listening.settimeout(60)
        yield listening


def url_of(server: socket.socket, options: str = "") -> str:
    return f"tcp://{LOCAL}:{server.getsockname()[1]}{options}"


def test_each_line_is_a_payload_however_it_is_cut(tmp_path: Path, server: socket.socket) -> None:
    with receiving(tmp_path, url_of(server)) as receiver, server.accept()[0] as sender:
        wait_until(lambda: receiver.status.state == "silent")
        for piece in (b"one\r\ntw", b"o\n\n", b"thr", b"ee", b"\nfour\nrest"):
            sender.sendall(piece)
            time.sleep(0.03)
        receiver.await_payloads([b"one", b"two", b"three", b"four"])
        assert receiver.status.state == "receiving"
        assert receiver.status.dropped == 0


def test_a_burst_of_100_000_lines_is_complete_and_in_order(tmp_path: Path, server: socket.socket) -> None:
    sent = [b"MSG,3,1,1,%06X,1" % n for n in range(100_000)]
    with receiving(tmp_path, url_of(server, "?decode=sbs")) as receiver, server.accept()[0] as sender:
        sender.sendall(b"\r\n".join(sent) + b"\r\n")
        receiver.await_payloads(sent)
        assert len(receiver.journal.read(0, 10**9)) < 5_000


def test_a_line_that_is_too_long_is_counted_and_the_rest_goes_on(
    tmp_path: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_connection.LineConnection.__init__, "__defaults__", (100,))
    with receiving(tmp_path, url_of(server)) as receiver, server.accept()[0] as sender:
        sender.sendall(b"before\n" + bytes(200_000) + b"\nafter\n")
        receiver.await_payloads([b"before", b"after"])
        wait_until(lambda: receiver.status.dropped == 1)
        assert receiver.status.received == 3


@pytest.mark.parametrize(("options", "kept", "dropped"), [("", [b"whole", b"last"], 0), ("?decode=sbs", [b"whole"], 1)])
def test_a_last_line_without_end_is_kept_where_half_of_one_could_not_pass_for_whole(
    tmp_path: Path, server: socket.socket, options: str, kept: list[bytes], dropped: int
) -> None:
    with receiving(tmp_path, url_of(server, options)) as receiver:
        with server.accept()[0] as sender:
            sender.sendall(b"whole\nlast")
        wait_until(lambda: receiver.status.restarts == 1)
        assert receiver.payloads() == kept
        assert receiver.status.dropped == dropped


def test_a_sender_that_comes_later_and_one_that_breaks_off_are_connected_to_again(tmp_path: Path) -> None:
    port = free_port()
    with receiving(tmp_path, f"tcp://{LOCAL}:{port}") as receiver:
        wait_until(lambda: receiver.status.restarts > 0)
        assert receiver.status.problem == f"no connection to {LOCAL}:{port}: Connection refused"
        with socket.create_server((LOCAL, port)) as server:
            server.settimeout(60)
            with server.accept()[0] as sender:
                sender.sendall(b"late\n")
                receiver.await_payloads([b"late"])
                assert receiver.status.snapshot()["problem"] is None
                # Closed so, the system sends a reset instead of a proper end.
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wait_until(lambda: "the connection broke" in str(receiver.status.problem))
            with server.accept()[0] as sender:
                sender.sendall(b"back\n")
                receiver.await_payloads([b"late", b"back"])


def test_a_host_that_vanished_without_a_word_will_be_noticed(
    tmp_path: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No packet can be lost on this machine, so what is seen is that the system was asked to look."""
    asked: list[socket.socket] = []

    def keep_alive(connected: socket.socket) -> None:
        sockets.keep_alive(connected)
        asked.append(connected)

    monkeypatch.setattr(tcp_connection, "keep_alive", keep_alive)
    with receiving(tmp_path, url_of(server)) as receiver, server.accept()[0]:
        wait_until(lambda: receiver.status.state == "silent")
        (connected,) = asked
        assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if hasattr(socket, "TCP_KEEPIDLE"):
            idle, every, times = (
                connected.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert idle + every * times <= 30


@pytest.mark.parametrize("listen", [False, True])
def test_while_the_journal_is_full_the_sender_waits_and_nothing_is_lost(
    tmp_path: Path, server: socket.socket, listen: bool
) -> None:
    sent = [b"%07d" % n + bytes(1000) for n in range(30_000)]
    with ExitStack() as stack:
        if listen:
            port = free_port()
            receiver = stack.enter_context(receiving(tmp_path, f"tcp://{LOCAL}:{port}?listen=1"))
            sender = stack.enter_context(socket.create_connection((LOCAL, port)))
        else:
            receiver = stack.enter_context(receiving(tmp_path, url_of(server)))
            sender = stack.enter_context(server.accept()[0])
        receiver.journal.full.set()
        done = threading.Event()

        def send() -> None:
            sender.sendall(b"\n".join(sent) + b"\n")
            done.set()

        sending = threading.Thread(target=send)
        sending.start()
        wait_until(lambda: receiver.journal.refused > 3)
        assert (receiver.status.state, receiver.status.problem) == ("waiting", "the journal is full")
        assert not done.is_set(), "30 MB were taken while there was no room for them"
        receiver.journal.full.clear()
        receiver.await_payloads(sent)
        sending.join()
        assert (receiver.status.dropped, receiver.status.problem) == (0, None)


def test_what_was_in_hand_when_stopped_with_the_journal_full_is_counted(tmp_path: Path, server: socket.socket) -> None:
    with receiving(tmp_path, url_of(server)) as receiver, server.accept()[0] as sender:
        receiver.journal.full.set()
        sender.sendall(b"one\ntwo\n")
        wait_until(lambda: receiver.status.state == "waiting")
        receiver.source.stop()
        assert (receiver.status.received, receiver.status.dropped) == (2, 2)


def test_devices_connect_by_themselves_and_their_lines_do_not_mix(tmp_path: Path) -> None:
    port = free_port()
    with receiving(tmp_path, f"tcp://{LOCAL}:{port}?listen=1") as receiver, ExitStack() as stack:
        devices = [stack.enter_context(socket.create_connection((LOCAL, port))) for _ in range(20)]
        for part in (b"first ", b"half\nsecond ", b"half\n"):
            for number, device in enumerate(devices):
                device.sendall(b"<%d>" % number + part)
        wait_until(lambda: receiver.status.received == 40)
        expected = {b"<%d>first <%d>half" % (n, n) for n in range(20)} | {b"second <%d>half" % n for n in range(20)}
        wait_until(lambda: set(receiver.payloads()) == expected)


def test_no_more_devices_connect_than_allowed_and_one_that_leaves_makes_room(tmp_path: Path) -> None:
    port = free_port()
    with receiving(tmp_path, f"tcp://{LOCAL}:{port}?listen=1&connections=2") as receiver, ExitStack() as stack:
        first, second = (stack.enter_context(socket.create_connection((LOCAL, port))) for _ in range(2))
        first.sendall(b"1\n")
        second.sendall(b"2\n")
        wait_until(lambda: receiver.status.received == 2)
        with socket.create_connection((LOCAL, port)) as third:
            third.settimeout(60)
            assert third.recv(1) == b"", "a third connection was kept"
        first.sendall(b"last words")
        first.close()
        wait_until(lambda: b"last words" in receiver.payloads())
        with socket.create_connection((LOCAL, port)) as fourth:
            fourth.sendall(b"4\n")
            wait_until(lambda: b"4" in receiver.payloads())
        assert receiver.status.restarts == 0


def test_a_port_in_use_is_refused_at_the_start(tmp_path: Path, server: socket.socket) -> None:
    receiver = Receiver(tmp_path, url_of(server, "?listen=1"))
    with pytest.raises(StartupError, match="the port is in use by another program"):
        receiver.start()
    receiver.close()


def test_stop_ends_the_thread_though_nothing_ever_came(tmp_path: Path, server: socket.socket) -> None:
    with receiving(tmp_path, url_of(server)) as receiver:
        receiver.source.stop()
        assert f"source {receiver.source.name}" not in {thread.name for thread in threading.enumerate()}
