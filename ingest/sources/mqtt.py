"""MQTT: subscribes at a broker with a session that outlives the connection.

A message is acknowledged only when the journal has it. So whatever is killed, the broker sends again what is not kept;
what then comes twice merges in the database.
"""

import contextlib
import time
from collections.abc import Sequence
from typing import Any, Final

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.decoders.owntracks import envelope
from ingest.sources.address import SourceAddress
from ingest.sources.base import Failed, ThreadedSource
from ingest.sources.batch import BATCH, BATCH_BYTES, BATCH_S
from ingest.sources.intake import Intake
from ingest.sources.mqtt_options import MqttOptions
from ingest.sources.sockets import Readable

_KEEPALIVE_S: Final = 30
_CONNECT_S: Final = 10.0
_QUIET_S: Final = 0.002
"""A micro-batch ends when nothing came for so long. Brokers send only some messages (Mosquitto: 20) ahead of their
acknowledgements: waiting out the usual 20 ms would hold them to a thousand a second."""
_SESSION_S: Final = 7 * 24 * 3600
"""How long a broker of MQTT 5 is asked to keep what was not acknowledged."""


def payload_of(topic: str, payload: bytes) -> bytes:
    """What goes into the journal of an OwnTracks message: its topic is part of it, as that names user and device."""
    return envelope(payload, topic=topic)


class MqttSource(ThreadedSource):
    """Takes what is published under a topic filter. While the journal is full it acknowledges and reads nothing."""

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._options = MqttOptions.of(address)

    def _receive(self, intake: Intake) -> None:
        session = _Session(self._address, self._options)
        client = session.client
        try:
            client.connect(
                self._address.host, self._address.port, _KEEPALIVE_S, **session.connect_options
            )  # raises OSError, of TLS too
            connected = client.socket()
            if connected is None:
                raise Failed("the broker closed the connection")
            with Readable(connected) as readable:  # type: ignore[arg-type]
                self._run_session(session, readable, intake)
        finally:
            with contextlib.suppress(OSError):
                client.disconnect()

    def _run_session(self, session: "_Session", readable: Readable, intake: Intake) -> None:
        until = time.monotonic() + _CONNECT_S
        while not self._stopping.is_set() and not session.subscribed:
            if time.monotonic() > until:
                raise Failed("the broker does not answer")
            session.turn(readable, 0.1)
        intake.opened("subscribed at the broker")
        try:
            while not self._stopping.is_set():
                session.turn(readable, 0.1)
                if not session.batch:
                    intake.quiet()
                    continue
                end = time.monotonic() + BATCH_S
                while session.more_fits() and time.monotonic() < end and session.turn(readable, _QUIET_S):
                    pass
                self._keep(session, intake)
        finally:
            self._keep(session, intake)

    def _keep(self, session: "_Session", intake: Intake) -> None:
        """Append what came, then acknowledge it."""
        batch = session.take_batch()
        if intake.give([payload for _, _, payload in batch], session.stay):
            session.acknowledge(batch)
        elif self._stopping.is_set():
            if lost := sum(qos == 0 for _, qos, _ in batch):
                intake.lost(lost, "the journal had no room until Waypost was stopped")
        else:
            # No journal could hold them: not acknowledged they would come again and again.
            intake.lost(len(batch), "the journal cannot hold them")
            session.acknowledge(batch)


_Taken = tuple[int, int, bytes]
"""Packet number, quality of service, payload."""


class _Session:
    """One connection to the broker. Acknowledgements go to the connection that brought the message, to no later one:
    there the same number may mean another message."""

    def __init__(self, address: SourceAddress, options: MqttOptions) -> None:
        self.batch: list[_Taken] = []
        self.subscribed = False
        self.connect_options: dict[str, Any] = {}
        self._size = 0
        self._problem: str | None = None
        self._options = options
        self._enveloped = address.options.get("decode") == "owntracks"
        self._topic = address.path
        five = options.version == MQTTProtocolVersion.MQTTv5
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=options.client_id,
            clean_session=None if five else False,
            protocol=options.version,
            manual_ack=True,
        )
        if five:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho types it not
            properties.SessionExpiryInterval = _SESSION_S
            self.connect_options = {"clean_start": False, "properties": properties}
        if address.user is not None:
            self.client.username_pw_set(address.user, address.password)
        if options.tls is not None:
            self.client.tls_set_context(options.tls)
        self.client.connect_timeout = _CONNECT_S
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.on_disconnect = self._on_disconnect

    def turn(self, readable: Readable, seconds: float) -> bool:
        """Read one packet if it comes within `seconds`; whether one did. Raises Failed where the connection is gone."""
        connected = self.client.socket()
        if connected is None or self._problem is not None:
            raise Failed(self._problem or "the connection to the broker was lost")
        held = getattr(connected, "pending", int)()  # TLS may have decrypted more than was read
        came = bool(held) or readable(seconds)
        if came:
            self.client.loop_read()
        self.stay()
        return came

    def stay(self) -> None:
        """Keep the connection alive without reading from it."""
        if self.client.want_write():
            self.client.loop_write()
        self.client.loop_misc()

    def more_fits(self) -> bool:
        """Whether the micro-batch can grow."""
        return len(self.batch) < BATCH and self._size < BATCH_BYTES

    def take_batch(self) -> list[_Taken]:
        """What came since the last call."""
        batch, self.batch, self._size = self.batch, [], 0
        return batch

    def acknowledge(self, batch: Sequence[_Taken]) -> None:
        """Tell the broker that these need not be sent again."""
        for number, qos, _ in batch:
            if qos:
                self.client.ack(number, qos)

    def _on_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._problem = f"the broker refuses the connection: {reason}"
        else:
            client.subscribe(self._topic, qos=self._options.qos)

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._problem = f"the broker does not allow to subscribe to {self._topic}"
        else:
            self.subscribed = True

    def _on_message(self, client: Client, _data: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if not payload:
            # So a retained message is taken back; it says nothing of a device.
            client.ack(message.mid, message.qos)
            return
        if self._enveloped:
            payload = payload_of(message.topic, payload)
        self.batch.append((message.mid, message.qos, payload))
        self._size += len(payload)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._problem = self._problem or (
            f"the connection to the broker was lost: {reason}; where that repeats, another client may use the same"
            f" id {self._options.client_id!r}: give each its own with ?client="
        )
