"""MQTT: one message a publication with quality of service 1, under a topic that may name the device."""

import os
import ssl
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from core.errors import StartupError
from simulate.transports.address import Address
from simulate.transports.base import CONNECT_S, GRACE_S, Opening

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_DEVICE: Final = "{device}"
_QUEUE: Final = 20_000
"""Messages: MQTT numbers those under way with 16 bits."""
_IN_FLIGHT: Final = 1000


class MqttTopic:
    """Publications that the broker acknowledges. While it is away they wait, and are sent again when it is back."""

    def __init__(self, address: Address, opening: Opening) -> None:
        """Raises StartupError where the client is not installed, the broker does not answer, or it refuses."""
        try:
            from paho.mqtt.client import Client  # noqa: PLC0415 - needed by who sends there alone
            from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
        except ImportError:
            raise StartupError("mqtt:// needs the package paho-mqtt. Install it: pip install paho-mqtt") from None
        if "+" in address.path or "#" in address.path:
            address.refuse(f"cannot be sent to under {address.path}: + and # are for those who subscribe.")
        self._address, self._notice, self._topic = address, opening.notice, address.path
        self._sent = self._acknowledged = self._lost = 0
        self._closing = False
        self._greeted = threading.Event()
        self._refusal: str | None = None
        self._away = False
        client = Client(CallbackAPIVersion.VERSION2, client_id=address.options.get("client") or f"sim-{os.getpid()}")
        client.max_queued_messages_set(_QUEUE)
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.reconnect_delay_set(min_delay=1, max_delay=5)
        client.connect_timeout = CONNECT_S
        client.on_connect, client.on_disconnect, client.on_publish = self._met, self._parted, self._taken
        if address.user:
            client.username_pw_set(address.user, address.password or None)
        if address.scheme == "mqtts":
            client.tls_set_context(_tls(address))
        self._client = client
        self._open()

    def has_receiver(self) -> bool:
        """True: the broker takes what is sent."""
        return True

    def send(self, payload: bytes, device: str = "") -> bool:
        """Queue one publication; False: the queue is full."""
        if self._sent - self._acknowledged >= _QUEUE:
            return False
        # A device must not reach into another topic by its name.
        named = "".join("_" if sign in "/+#\0" else sign for sign in device) or "all"
        self._client.publish(self._topic.replace(_DEVICE, named), payload, qos=1)
        self._sent += 1
        return True

    def flush(self) -> int:
        """How many publications the broker has not acknowledged yet."""
        return self._sent - self._acknowledged

    def close(self) -> None:
        """Wait up to two seconds for acknowledgements; what has none then is lost."""
        until = time.monotonic() + GRACE_S
        while self.flush() and time.monotonic() < until:
            time.sleep(0.01)
        self._closing = True
        self._client.disconnect()
        self._client.loop_stop()
        self._lost = self.flush()

    def account(self) -> Mapping[str, int]:
        """`delivered` were acknowledged."""
        return {"lost": self._lost, "delivered": self._acknowledged}

    def _open(self) -> None:
        address = self._address
        try:
            self._client.connect(address.host, address.port, keepalive=30)
        except (OSError, ValueError) as error:
            address.refuse(f"does not answer: {getattr(error, 'strerror', None) or error}. Start a broker there.")
        self._client.loop_start()
        answered = self._greeted.wait(CONNECT_S)
        if self._refusal is not None or not answered:
            self._closing = True
            self._client.disconnect()
            self._client.loop_stop()
            address.refuse(f"refuses the connection: {self._refusal or 'it does not speak MQTT'}.")

    def _met(self, _client: "Client", _data: object, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        elif self._away:
            self._away = False
            self._notice(f"mqtt://{self._address.where} is back.")
        self._greeted.set()

    def _parted(self, _client: "Client", _data: object, _flags: Any, reason: Any, _properties: Any) -> None:
        if not self._closing and self._greeted.is_set() and not self._away:
            self._away = True
            self._notice(f"mqtt://{self._address.where} is gone ({reason}). Waiting for it.")

    def _taken(self, _client: "Client", _data: object, _mid: int, _reason: Any, _properties: Any) -> None:
        self._acknowledged += 1


def _tls(address: Address) -> ssl.SSLContext:
    ca = address.options.get("ca") or None
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        address.refuse(f"cannot be used with ca={ca}: {error.strerror or error}.")
