"""A real MQTT broker for tests, and a wire tap that sees what a client acknowledges."""

import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.ingest.receiving import free_port

LOCAL = "127.0.0.1"
PUBLISH, PUBACK = 3, 4


def find_mosquitto() -> str:
    """The path of Mosquitto; skips the test where there is none, and fails where one must be (CI)."""
    found = subprocess.run(["bash", "tests/find_mosquitto.sh"], capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return found.stdout.strip()
    if os.environ.get("CI") == "true":
        pytest.fail(found.stderr)
    pytest.skip(found.stderr.strip().splitlines()[-1])


class Broker:
    """Mosquitto on a port of this machine, which keeps sessions on disk."""

    def __init__(self, program: str, directory: Path, extra: str = "", anonymous: bool = True) -> None:
        self.port = free_port()
        self._program = program
        directory.mkdir()
        self._config = directory / "mosquitto.conf"
        user = "user root\n" if os.getuid() == 0 else ""
        self._config.write_text(
            f"listener {self.port} {LOCAL}\n{user}persistence true\npersistence_location {directory}/\n"
            f"autosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\n"
            f"allow_anonymous {str(anonymous).lower()}\n{extra}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while True:
            assert self._process.poll() is None, "mosquitto ended at once"
            try:
                socket.create_connection((LOCAL, self.port)).close()
                return
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.02)

    def stop(self, *, kill: bool = False) -> None:
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
            self._process.wait(60)
            self._process = None


def publish(
    port: int,
    messages: list[tuple[str, bytes]],
    *,
    qos: int = 1,
    tls: ssl.SSLContext | None = None,
    user: tuple[str, str] | None = None,
    retain: bool = False,
) -> None:
    """Publish, and return when the broker has acknowledged all."""
    client = Client(CallbackAPIVersion.VERSION2)
    if tls is not None:
        client.tls_set_context(tls)
    if user is not None:
        client.username_pw_set(*user)
    client.max_queued_messages_set(0)
    client.connect("localhost" if tls else LOCAL, port)
    client.loop_start()
    try:
        sent = [client.publish(topic, payload, qos=qos, retain=retain) for topic, payload in messages]
        for one in sent:
            one.wait_for_publish(60)
            assert one.is_published()
    finally:
        client.disconnect()
        client.loop_stop()


class WireTap:
    """Stands between a client and the broker; calls `acknowledged` with the payload that each PUBACK is about."""

    def __init__(self, broker_port: int, acknowledged: Callable[[bytes], None]) -> None:
        self._broker_port = broker_port
        self._acknowledged = acknowledged
        self._listening = socket.create_server((LOCAL, 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection((LOCAL, self._broker_port))
            except OSError:
                client.close()
                continue
            sent: dict[int, bytes] = {}
            for source, target, packet in (
                (broker, client, lambda kind, body, sent=sent: self._from_broker(kind, body, sent)),
                (client, broker, lambda kind, body, sent=sent: self._from_client(kind, body, sent)),
            ):
                threading.Thread(target=_forward, args=(source, target, packet), daemon=True).start()

    def _from_broker(self, kind: int, body: bytes, sent: dict[int, bytes]) -> None:
        if kind >> 4 == PUBLISH and kind & 6:
            topic = int.from_bytes(body[:2], "big")
            sent[int.from_bytes(body[2 + topic : 4 + topic], "big")] = body[4 + topic :]

    def _from_client(self, kind: int, body: bytes, sent: dict[int, bytes]) -> None:
        if kind >> 4 == PUBACK:
            self._acknowledged(sent[int.from_bytes(body[:2], "big")])


def _forward(source: socket.socket, target: socket.socket, packet: Callable[[int, bytes], None]) -> None:
    """Pass packets on whole, telling of each before that."""
    try:
        with source.makefile("rb") as stream:
            while head := stream.read(1):
                length, shift, raw = 0, 0, b""
                while True:
                    byte = stream.read(1)
                    raw += byte
                    length |= (byte[0] & 127) << shift
                    shift += 7
                    if byte[0] < 128:
                        break
                body = stream.read(length)
                packet(head[0], body)
                target.sendall(head + raw + body)
    except (OSError, IndexError):
        return
    finally:
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
