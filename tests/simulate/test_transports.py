"""Each transport, with a real receiver at the other end."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import StartupError
from simulate.transports import Opening, PeerRefuses, open_transport
from tests.simulate.receivers import LOCAL, Collector, LineServer, collector, free_port, send_all, until

MESSAGES = [(f"d{n % 7}", b'{"device_id":"d%d","seq":%d}' % (n % 7, n)) for n in range(2000)]
PAYLOADS = [payload for _, payload in MESSAGES]


@pytest.fixture
def line_server() -> Iterator[LineServer]:
    server = LineServer()
    yield server
    server.close()


def in_order(payloads: list[bytes]) -> dict[bytes, list[bytes]]:
    """What each device said, in the order in which it came."""
    by_device = defaultdict(list)
    for payload in payloads:
        by_device[payload.split(b'"')[3]].append(payload)
    return by_device


def test_udp_sends_a_datagram_a_message() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.bind((LOCAL, 0))
        transport = open_transport(f"udp://{LOCAL}:{receiver.getsockname()[1]}")
        for payload in PAYLOADS[:50]:
            assert transport.send(payload)
        assert [receiver.recv(1000) for _ in range(50)] == PAYLOADS[:50]
        transport.close()
        assert transport.account()["lost"] == 0


def test_udp_goes_on_while_nobody_listens_and_counts_what_came_back() -> None:
    notices: list[str] = []
    port = free_port()
    transport = open_transport(f"udp://{LOCAL}:{port}", Opening(notice=notices.append))
    until(lambda: transport.send(b"x") and transport.account()["lost"] > 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((LOCAL, port))
        transport.flush()
        assert transport.send(b"now")
        receiver.settimeout(10)
        assert receiver.recv(100) == b"now"
    assert not transport.send(b"x" * 70_000) or transport.account()["too_large"] == 1
    transport.close()
    assert len(notices) == 1


def test_tcp_sends_lines_in_order(line_server: LineServer) -> None:
    transport = open_transport(f"tcp://{LOCAL}:{line_server.port}")
    send_all(transport, MESSAGES)
    transport.close()
    until(lambda: len(line_server.lines) == len(PAYLOADS))
    assert line_server.lines == PAYLOADS
    assert transport.account() == {"lost": 0, "reconnected": 0}


def test_a_line_feed_within_a_message_does_not_make_it_two(line_server: LineServer) -> None:
    transport = open_transport(f"tcp://{LOCAL}:{line_server.port}")
    send_all(transport, [("a", b"one\ntwo")])
    transport.close()
    until(lambda: line_server.lines)
    assert line_server.lines == [b"one two"]


def test_tcp_waits_for_a_peer_that_goes_away_and_counts_what_may_be_lost(line_server: LineServer) -> None:
    notices: list[str] = []
    transport = open_transport(f"tcp://{LOCAL}:{line_server.port}", Opening(notice=notices.append))
    send_all(transport, MESSAGES[:500])
    until(lambda: len(line_server.lines) == 500)
    line_server.close()
    sent = 500
    while not notices:  # TCP learns of it by sending
        assert transport.send(PAYLOADS[sent])
        sent += 1
        time.sleep(0.01)
    while_away = MESSAGES[sent:]
    for device, payload in while_away:
        assert transport.send(payload, device)
    assert transport.flush() > 0
    line_server.open()
    until(lambda: transport.flush() == 0)
    transport.close()
    until(lambda: line_server.lines[-1] == PAYLOADS[-1])
    assert line_server.lines[-len(while_away) :] == PAYLOADS[sent:], "what was sent meanwhile waited"
    assert set(line_server.lines) <= set(PAYLOADS), "no half lines"
    missing = len(PAYLOADS) - len(set(line_server.lines))
    assert missing <= sent - 500
    assert transport.account()["reconnected"] == 1
    assert [" is gone" in notices[0], "is back" in notices[1]] == [True, True]


def test_tcp_gives_up_at_the_end_and_says_how_much_was_lost(line_server: LineServer) -> None:
    transport = open_transport(f"tcp://{LOCAL}:{line_server.port}")
    line_server.close()
    for device, payload in MESSAGES:
        transport.send(payload, device)
    transport.close()
    assert transport.account()["lost"] == len(PAYLOADS) - len(line_server.lines)


def test_http_sends_batches_and_each_device_in_order() -> None:
    with collector() as server:
        url = f"http://{LOCAL}:{server.port}/api/v1/ingest?source=sim"
        transport = open_transport(url, Opening(token="secret", batch=100))
        send_all(transport, MESSAGES)
        transport.close()
        assert in_order(server.lines) == in_order(PAYLOADS)
        assert max(server.batches) == 100
        assert len(server.batches) < 60
        assert {seen["path"] for seen in server.seen} == {"/api/v1/ingest?source=sim"}
        assert {seen["Authorization"] for seen in server.seen} == {"Bearer secret"}
        account = transport.account()
        assert (account["accepted"], account["rejected"], account["lost"]) == (2000, 0, 0)


def test_http_sends_again_what_was_not_taken_and_waits_as_long_as_it_is_told() -> None:
    notices: list[str] = []
    with collector() as server:
        server.answers = [429, 200, 503, 429, 200, 500, 502, 429] * 3
        transport = open_transport(f"http://{LOCAL}:{server.port}/x", Opening(batch=50, notice=notices.append))
        send_all(transport, MESSAGES)
        transport.close()
        assert in_order(server.lines) == in_order(PAYLOADS), "nothing lost, nothing twice, nothing out of order"
        account = transport.account()
        assert account["waited"] == 9
        assert account["again"] == 9
        assert server.refused == 18
        assert any("no room" in line for line in notices)


def test_http_heeds_retry_after() -> None:
    with collector() as server:
        server.answers, server.retry_after = [429], "1"
        transport = open_transport(f"http://{LOCAL}:{server.port}/x")
        began = time.monotonic()
        send_all(transport, MESSAGES[:1])
        assert time.monotonic() - began >= 1
        transport.close()


def test_http_waits_for_a_collector_that_goes_away() -> None:
    server = Collector()
    transport = open_transport(f"http://{LOCAL}:{server.port}/x", Opening(batch=10))
    send_all(transport, MESSAGES[:200])
    server.answers = [500] * 1000  # what is under way at its end is not taken
    for device, payload in MESSAGES[200:400]:
        assert transport.send(payload, device)
    server.close()
    first = server.lines
    again = Collector(server.port)
    until(lambda: transport.flush() == 0)
    transport.close()
    again.close()
    assert in_order(first + again.lines) == in_order(PAYLOADS[:400])
    assert transport.account()["lost"] == 0


def test_http_counts_what_was_refused_and_what_was_never_taken() -> None:
    with collector() as server:
        transport = open_transport(f"http://{LOCAL}:{server.port}/x")
        send_all(transport, [("a", b'{"a":1}'), ("a", b'{"a":'), ("a", b'{"a":2}')])
        server.answers = [429] * 1000
        server.retry_after = "60"
        for device, payload in MESSAGES[:30]:
            transport.send(payload, device)
        transport.close()
        account = transport.account()
        assert (account["accepted"], account["rejected"], account["lost"]) == (2, 1, 30)


@pytest.mark.parametrize("status, said", [(401, "--token"), (403, "--token"), (404, "says 404"), (422, "says 422")])
def test_http_ends_where_trying_again_would_not_help(status: int, said: str) -> None:
    with collector() as server:
        server.answers = [status] * 100
        transport = open_transport(f"http://{LOCAL}:{server.port}/x")
        with pytest.raises(PeerRefuses, match=said) as error:
            send_all(transport, MESSAGES)
        assert "\n" not in str(error.value)
        transport.close()


def test_a_batch_too_large_is_sent_in_parts() -> None:
    with collector() as server:
        server.answers = [413, 413]
        transport = open_transport(f"http://{LOCAL}:{server.port}/x", Opening(batch=100))
        send_all(transport, [("a", payload) for payload in PAYLOADS[:100]])
        transport.close()
        assert server.lines == PAYLOADS[:100]
        assert sorted(server.batches) == [25, 25, 50]


def test_a_queue_that_is_full_says_so() -> None:
    with collector() as server:
        server.answers, server.retry_after = [429] * 1000, "60"
        transport = open_transport(f"http://{LOCAL}:{server.port}/x")
        taken = sum(transport.send(b"{}", "a") for _ in range(30_000))
        assert taken == 25_000
        transport.close()
        assert transport.account()["lost"] == 25_000


@pytest.mark.parametrize("scheme", ["tcp", "http", "mqtt", "kafka"])
def test_an_address_where_nobody_answers_is_said_in_one_line_with_code_2(scheme: str) -> None:
    url = f"{scheme}://{LOCAL}:{free_port()}" + ("/topic" if scheme != "tcp" else "")
    command = [sys.executable, "-m", "simulate", "simulate", "--to", url, "--count", "10"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1, done.stderr.decode()
    assert b"does not answer" in done.stderr


def test_kafka_keeps_a_device_in_a_partition_and_in_order() -> None:
    kafka = pytest.importorskip("confluent_kafka")
    cluster = kafka.Producer({"bootstrap.servers": "unused:1", "test.mock.num.brokers": 1, "log_level": 0})
    broker = next(iter(cluster.list_topics(timeout=10).brokers.values()))
    transport = open_transport(f"kafka://{broker.host}:{broker.port}/telemetry")
    send_all(transport, MESSAGES)
    transport.close()
    assert transport.account() == {"lost": 0, "delivered": 2000}
    options = {"bootstrap.servers": f"{broker.host}:{broker.port}", "group.id": "t", "auto.offset.reset": "earliest"}
    consumer = kafka.Consumer(options)
    consumer.subscribe(["telemetry"])
    got: list[Any] = []
    end = time.monotonic() + 30
    while len(got) < len(PAYLOADS) and time.monotonic() < end:
        got += [one for one in consumer.consume(1000, 0.5) if one.error() is None]
    consumer.close()
    assert in_order([one.value() for one in got]) == in_order(PAYLOADS)
    assert all(one.key() == one.value().split(b'"')[3] for one in got)
    assert len({(one.key(), one.partition()) for one in got}) == 7


@pytest.fixture
def mosquitto(tmp_path: Path) -> tuple[list[str], int]:
    found = subprocess.run(["bash", "tests/find_mosquitto.sh"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(found.stderr)
        pytest.skip("there is no Mosquitto")
    port, config = free_port(), tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} {LOCAL}\nallow_anonymous true\nmax_queued_messages 0\n")
    return [found.stdout.strip(), "-c", str(config)], port


def started(command: list[str], port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: socket.socket().connect_ex((LOCAL, port)) == 0)
    return process


def test_mqtt_publishes_under_the_name_of_the_device_and_survives_a_broker_that_restarts(
    mosquitto: tuple[list[str], int],
) -> None:
    mqtt = pytest.importorskip("paho.mqtt.client")
    command, port = mosquitto
    got: list[tuple[str, bytes]] = []
    met = threading.Event()
    listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    listener.on_connect = lambda client, *_: client.subscribe("fleet/#", qos=1)
    listener.on_subscribe = lambda *_: met.set()
    listener.on_message = lambda _c, _d, message: got.append((message.topic, message.payload))
    listener.reconnect_delay_set(1, 1)
    broker = started(command, port)
    notices: list[str] = []
    try:
        listener.connect(LOCAL, port)
        listener.loop_start()
        assert met.wait(20)
        transport = open_transport(f"mqtt://{LOCAL}:{port}/fleet/{{device}}/fix", Opening(notice=notices.append))
        send_all(transport, MESSAGES)
        until(lambda: len(got) == len(MESSAGES))
        assert in_order([payload for _, payload in got]) == in_order(PAYLOADS)
        assert {topic for topic, _ in got} == {f"fleet/d{n}/fix" for n in range(7)}
        send_all(transport, [("../x/#", b"odd name")])
        until(lambda: ("fleet/.._x__/fix", b"odd name") in got)
        met.clear()
        broker.terminate()
        broker.wait(20)
        for device, payload in MESSAGES[:100]:
            assert transport.send(payload, device), "waits for the broker"
        assert transport.flush() == 100
        broker = started(command, port)
        until(lambda: transport.flush() == 0)
        transport.close()
        assert transport.account() == {"lost": 0, "delivered": len(MESSAGES) + 101}
        assert [" is gone" in notices[0], " is back" in notices[1]] == [True, True]
    finally:
        listener.loop_stop()
        broker.kill()
        broker.wait()


@pytest.mark.parametrize(
    "url, said",
    [
        ("udp://127.0.0.1", "lacks a host or a port"),
        ("tcp://:9", "lacks a host or a port"),
        ("udp://127.0.0.1:9/x", "has a path"),
        ("http://127.0.0.1:8050", "what to send to"),
        ("kafka://broker:9092", "what to send to"),
        ("mqtt://broker/a/+", "those who subscribe"),
        ("mqtt://broker/a?qos=2", "does not take"),
        ("tcp://me:secret@host:1", "no user and password"),
        ("kafka://me:secret@127.0.0.1:1/t?sasl=none", "PLAIN"),
        ("mqtts://127.0.0.1:1/t?ca=/none", "ca=/none"),
        ("gopher://x", "is no address"),
        ("udp://no-such-host.invalid:9", "cannot be sent to"),
    ],
)
def test_addresses_that_can_never_work_are_said_in_one_line_without_a_password(url: str, said: str) -> None:
    with pytest.raises(StartupError, match=said) as error:
        open_transport(url)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("scheme, package", [("kafka", "confluent_kafka"), ("mqtt", "paho.mqtt.client")])
def test_a_client_that_is_not_installed_is_named(scheme: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StartupError, match="pip install"):
        open_transport(f"{scheme}://{LOCAL}:1/t")
