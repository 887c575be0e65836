"""The publisher as it runs: real sockets, processes and signals."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import orjson
import pytest
import zmq

from core.errors import StartupError
from simulate.__main__ import main
from simulate.cli import add_publish_arguments, parse_moment, run_publish
from simulate.demo import REPOSITORY, free_address, start_demo
from simulate.timeline import Timeline
from simulate.transports import ZmqPublisher, open_transport
from tests.simulate.fakes import row

LINES = b"".join(b'{"id":"d%d","ts":%d,"lat":1,"lon":2,"speed":1}\n' % (n % 3, 1425708000 + n) for n in range(300))


@pytest.fixture
def subscriber() -> Iterator["zmq.Socket[bytes]"]:
    context = zmq.Context()
    sock = context.socket(zmq.SUB)
    sock.subscribe(b"")
    yield sock
    sock.close(0)
    context.term()


@pytest.fixture
def recording(tmp_path: Path) -> str:
    path = tmp_path / "small.ndjson"
    path.write_bytes(LINES + b"{bad\n")
    return str(path)


def tcp(address: str) -> str:
    return address.replace("zmq://", "tcp://")


def heard(sock: "zmq.Socket[bytes]", timeout_s: float = 60) -> dict[str, Any]:
    assert sock.poll(int(timeout_s * 1000)), "nothing was heard"
    message: dict[str, Any] = orjson.loads(sock.recv())
    return message


def arguments(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_publish_arguments(parser)
    return parser.parse_args(argv)


def ended(pid: int, within_s: float = 60) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_whole_file_arrives_in_order_without_a_pace(subscriber: "zmq.Socket[bytes]", recording: str) -> None:
    address, said = free_address(), list[str]()
    subscriber.connect(tcp(address))
    args = arguments(recording, "--to", address, "--speed", "0", "--interval", "0", "--original-time")
    assert run_publish(args, said.append) == 0
    messages = [heard(subscriber) for _ in range(300)]
    assert [message["ts"] for message in messages[:2]] == ["2015-03-07T06:00:00.000Z", "2015-03-07T06:00:01.000Z"]
    assert messages == sorted(messages, key=lambda message: message["ts"])
    assert "small: 3 devices" in said[0]
    assert said[1:] == [
        "Lines of it that could not be used: 1; the first, line 301: not JSON.",
        "Sent 300 messages.",
    ]


def test_it_connects_to_a_subscriber_that_binds(subscriber: "zmq.Socket[bytes]", recording: str) -> None:
    port = subscriber.bind_to_random_port("tcp://127.0.0.1")
    args = arguments(recording, "--to", f"zmq+connect://127.0.0.1:{port}", "--speed", "0", "--count", "5", "--quiet")
    with ThreadPoolExecutor(1) as pool:  # a socket that is not read does not even subscribe
        first = pool.submit(heard, subscriber)
        assert run_publish(args) == 0
        assert first.result()["device_id"].startswith("d")


def test_without_a_pace_a_slow_subscriber_slows_it_down_and_gets_all(subscriber: "zmq.Socket[bytes]") -> None:
    address, payload, count, is_slowed = free_address(), b"x" * 10_000, 3000, Event()

    def read() -> int:
        subscriber.setsockopt(zmq.RCVHWM, 10)
        subscriber.connect(tcp(address))
        got = 0
        while got < count and subscriber.poll(60_000):
            got += subscriber.recv() == payload
            if got == 100:
                is_slowed.wait(60)
        return got

    transport = ZmqPublisher(address.removeprefix("zmq://"), lossless=True, queue=100)
    refused = 0
    with ThreadPoolExecutor(1) as pool:
        got = pool.submit(read)
        while not transport.has_receiver():
            time.sleep(0.005)
        for _ in range(count):
            while not transport.send(payload):
                refused += 1
                is_slowed.set()
                time.sleep(0.002)
        assert got.result() == count
    transport.close()
    assert refused > 0


def test_an_address_in_use_is_said_in_one_line(recording: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"zmq://127.0.0.1:{taken.getsockname()[1]}"
        assert main(["publish", recording, "--to", address]) == 2
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert "is in use by another program" in output.err


@pytest.mark.parametrize(
    "url", ["ftp://x:1", "127.0.0.1:5556", "zmq://127.0.0.1", "zmq://:1", "zmq://127.0.0.1:99999", "zmq://192.0.2.1:9"]
)
def test_addresses_that_cannot_be_used(url: str) -> None:
    with pytest.raises(StartupError) as error:
        open_transport(url)
    assert "\n" not in str(error.value)


def test_moments() -> None:
    timeline = Timeline([row("a", t) for t in range(0, 7201, 100)])
    for text, t in {
        "90": 90, "45m": 2700, "1h30m": 5400, "0.5": 0.5, "2015-03-07T07:00Z": 3600, "2015-03-07T01:00-06:00": 3600,
    }.items():  # fmt: skip
        assert parse_moment(text, timeline) == t
    for text in ("3h", "soon", "", "2015-03-08", "1h-3m"):
        with pytest.raises(StartupError):
            parse_moment(text, timeline)


@pytest.mark.parametrize(
    "argv, found",
    [
        (["--speed", "0", "--loop"], "--original-time"),
        (["--interval", "400", "--loop"], "--interval"),
        (["--start", "2h"], "past the end"),
    ],
)
def test_arguments_that_do_not_go_together(recording: str, argv: list[str], found: str) -> None:
    with pytest.raises(StartupError, match=found):
        run_publish(arguments(recording, "--to", free_address(), *argv), lambda _: None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(subscriber: "zmq.Socket[bytes]", recording: str, number: signal.Signals) -> None:
    address = free_address()
    subscriber.connect(tcp(address))
    command = [sys.executable, "-m", "simulate", "publish", recording, "--to", address]
    process = subprocess.Popen([*command, "--interval", "0.1", "--loop"], cwd=REPOSITORY, stderr=subprocess.PIPE)
    try:
        heard(subscriber)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert b"Traceback" not in errors


def test_the_demo_plays_and_stops(subscriber: "zmq.Socket[bytes]", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulate.demo.STOP_S", 60.0)
    address = free_address()
    subscriber.connect(tcp(address))
    with start_demo(address) as demo:
        message = heard(subscriber)
        assert demo.poll() is None
        assert os.getsid(demo.pid) == demo.pid  # Ctrl-C in the terminal does not reach it
    assert demo.poll() == 0
    demo.stop()
    assert message["device_id"].startswith("bus-")
    assert (message["kind"], message["fleet"]) == ("bus", "Capital Metro")
    assert abs(datetime.fromisoformat(message["ts"]).timestamp() - time.time()) < 60


PARENT = """
import sys, threading, time
from simulate.demo import start_demo
def start():
    print(start_demo(sys.argv[1]).pid, flush=True)
thread = threading.Thread(target=start)  # its end is not the end of the process
thread.start(); thread.join()
time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_demo_does_not_outlive_a_parent_killed_with_9(subscriber: "zmq.Socket[bytes]") -> None:
    address = free_address()
    subscriber.connect(tcp(address))
    parent = subprocess.Popen([sys.executable, "-c", PARENT, address], cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    try:
        pid = int(parent.stdout.readline())
        heard(subscriber)
        assert not ended(pid, 0.1)
    finally:
        parent.kill()
        parent.communicate()
    try:
        assert ended(pid)
    finally:
        if not ended(pid, 0.05):
            os.kill(pid, signal.SIGKILL)


POLLING = """
import os, sys, time
import simulate.parent as parent
parent._signal_at_death = lambda number: False
parent.POLL_S = 0.05
if os.fork() == 0:
    starter = os.getppid()
    print(os.getpid(), flush=True)
    parent.end_with_parent(starter, lambda: os._exit(0))
    time.sleep(60)
else:
    time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_where_there_is_no_such_signal_it_looks(recording: str) -> None:
    parent = subprocess.Popen([sys.executable, "-c", POLLING], cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert ended(pid)
