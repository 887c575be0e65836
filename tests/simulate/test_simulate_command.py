"""The command as people run it: real sockets, real files, what it says and how it ends."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
import zmq

from core.errors import StartupError
from simulate.__main__ import main
from simulate.cli import add_publish_arguments, run_publish
from simulate.cli_simulate import add_simulate_arguments, run_simulate
from simulate.demo import REPOSITORY, free_address
from simulate.transports.address import FORMS
from tests.simulate.receivers import LOCAL, LineServer, collector, until

AIS = [b"!AIVDM,1,1,,B,402=481uaUcf;OQ55JS9ITi025Jp,0*2B", b"$PGHP,1,2010,6,11,11,46,11,390,231,45,992190934,1,2B*5B"]


def simulate(*argv: str) -> tuple[int, list[str]]:
    parser, said = argparse.ArgumentParser(), list[str]()
    add_simulate_arguments(parser)
    return run_simulate(parser.parse_args(argv), said.append), said


def usable(lines: list[bytes]) -> list[dict[str, Any]]:
    messages = []
    for line in lines:
        with contextlib.suppress(orjson.JSONDecodeError):
            message = orjson.loads(line)
            if "device_id" in message and abs(message["lat"]) <= 90:
                messages.append(message)
    return messages


def test_the_report_of_a_run_over_http_is_what_a_collector_that_refuses_at_times_got(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with collector() as server:
        server.answers = [200, 429, 200, 503, 429] * 4
        faults = [
            "--duplicates",
            "5%",
            "--out-of-order",
            "5%",
            "--late",
            "0.02",
            "--late-by",
            "1",
            "--corrupt",
            "1%",
            "--drop",
            "2%",
        ]
        to = ["--to", f"http://{LOCAL}:{server.port}/api/v1/ingest", "--report", str(path), "--token", "t"]
        code, said = simulate("--devices", "200", "--rate", "5", "--count", "4000", "--seed", "3", *faults, *to)
        lines = server.lines
    report = orjson.loads(path.read_bytes())
    counts = report["faults"]
    good = usable(lines)
    numbers = Counter((message["device_id"], message["seq"]) for message in good)
    assert code == 0
    assert report["made"] == 4000
    assert report["sent"] == len(lines) == 4000 - counts["dropped"] + counts["duplicates"]
    assert len(lines) - len(good) == counts["corrupt"]
    assert sum(n - 1 for n in numbers.values()) == counts["duplicates"]
    assert 4000 - len(numbers) == counts["dropped"] + counts["corrupt"]
    assert report["transport"]["lost"] == 0
    assert report["transport"]["waited"] == 8
    assert f"Sent {len(lines)} messages of 200 devices" in said[-3]
    assert f"duplicates {counts['duplicates']}" in said[-2]


def test_over_zmq_all_of_it_arrives_once_someone_listens() -> None:
    address, got = free_address(), list[bytes]()
    context = zmq.Context()
    subscriber = context.socket(zmq.SUB)
    subscriber.subscribe(b"")
    subscriber.connect(address.replace("zmq://", "tcp://"))

    def listen() -> None:
        while len(got) < 3000 and subscriber.poll(10_000):
            got.append(subscriber.recv())

    listening = threading.Thread(target=listen)
    listening.start()
    code, said = simulate("--devices", "500", "--rate", "10", "--count", "3000", "--to", address)
    listening.join(20)
    subscriber.close(0)
    context.term()
    assert (code, len(got)) == (0, 3000)
    assert {orjson.loads(line)["seq"] for line in got} == set(range(1, 7))
    assert "5000 messages a second" in said[0]


def test_tcp_lines_and_the_same_seed() -> None:
    runs = []
    for _ in range(2):
        server = LineServer()
        code, _ = simulate("--devices", "20", "--count", "60", "--rate", "50", "--to", f"tcp://{LOCAL}:{server.port}")
        until(lambda server=server: len(server.lines) == 60)  # type: ignore[misc]
        server.close()
        assert code == 0
        runs.append([{**message, "ts": None} for message in usable(server.lines)])
    assert runs[0] == runs[1]


def test_a_recording_is_published_raw_over_tcp(tmp_path: Path) -> None:
    path = tmp_path / "ais.nmea"
    path.write_bytes(b"\n".join(AIS * 20))
    parser, said, server = argparse.ArgumentParser(), list[str](), LineServer()
    add_publish_arguments(parser)
    args = parser.parse_args([str(path), "--raw", "--to", f"tcp://{LOCAL}:{server.port}"])
    assert run_publish(args, said.append) == 0
    until(lambda: len(server.lines) == 40)
    server.close()
    assert server.lines == AIS * 20
    assert "as fast as recorded" in said[0]
    assert said[-1] == "Sent 40 lines."


def test_a_recording_is_published_over_http(tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    path.write_bytes(b"".join(b'{"id":"a","ts":%d,"x":1}\n' % (1_400_000_000 + n) for n in range(250)))
    parser = argparse.ArgumentParser()
    add_publish_arguments(parser)
    with collector() as server:
        to = ["--to", f"http://{LOCAL}:{server.port}/api/v1/ingest", "--quiet"]
        assert run_publish(parser.parse_args([str(path), "--speed", "0", "--interval", "0", *to])) == 0
        assert len(server.lines) == 250
        assert server.batches == [100, 100, 50]


def test_the_token_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_INGEST_TOKEN", "from-outside")
    with collector() as server:
        simulate("--devices", "1", "--count", "1", "--to", f"http://{LOCAL}:{server.port}/x")
        assert server.seen[0]["Authorization"] == "Bearer from-outside"


def test_a_signal_ends_it_with_a_report(tmp_path: Path) -> None:
    path, server = tmp_path / "report.json", LineServer()
    command = [sys.executable, "-m", "simulate", "simulate", "--to", f"tcp://{LOCAL}:{server.port}"]
    process = subprocess.Popen([*command, "--report", str(path)], cwd=REPOSITORY, stderr=subprocess.PIPE)
    try:
        until(lambda: len(server.lines) > 20)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert b"Traceback" not in errors
    until(lambda: len(server.lines) == orjson.loads(path.read_bytes())["sent"])
    server.close()


@pytest.mark.parametrize(
    "argv, said",
    [
        (["--radius", "0.1"], "0.5"),
        (["--around", "85,0"], "80 degrees"),
        (["--drop", "60%", "--late", "60%"], "100 %"),
        (["--count", "0"], "--count"),
        (["--devices", "2000000"], "--devices"),
        (["--seed", "-1"], "--seed"),
        (["--batch", "20000"], "--batch"),
        (["--report", f"/no-such-folder-{os.getpid()}/r.json"], "--report"),
    ],
)
def test_arguments_that_cannot_be_used_are_said_in_one_line(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--to", free_address(), *argv]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("argv", [["--around", "48"], ["--around", "100,0"], ["--drop", "150%"], ["--rate", "0"]])
def test_arguments_that_are_no_values_are_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        simulate("--to", "zmq://127.0.0.1:1", *argv)
    assert argv[0] in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--raw", "--lead", "1m"], ["--raw", "--kind", "bus"], ["--rate-lines", "5"]])
def test_raw_lines_are_not_changed(argv: list[str], tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    path.write_bytes(b'{"id":"a","ts":1400000000}\n')
    parser = argparse.ArgumentParser()
    add_publish_arguments(parser)
    with pytest.raises(StartupError, match="raw"):
        run_publish(parser.parse_args([str(path), "--to", free_address(), *argv]), lambda _: None)


def test_every_option_and_every_transport_is_in_the_docs() -> None:
    text = (REPOSITORY / "docs" / "simulate.md").read_text()
    for add in (add_simulate_arguments, add_publish_arguments):
        parser = argparse.ArgumentParser(add_help=False)
        add(parser)
        for action in parser._actions:
            if action.help != argparse.SUPPRESS:
                assert all(option in text for option in action.option_strings), action
    assert all(f"{scheme}://" in text or f"`{scheme}`" in text for scheme in FORMS)
