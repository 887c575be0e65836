"""Kafka: one message a record, its device as the key, so that the messages of a device stay in order."""

from collections.abc import Mapping
from typing import Any, Final

from core.errors import StartupError
from simulate.transports.address import Address
from simulate.transports.base import CONNECT_S, GRACE_S, QUEUE_MESSAGES, Opening

_POLL_EVERY: Final = 500
_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class KafkaTopic:
    """Records to a topic, acknowledged by all replicas. While no broker answers they wait, up to the queue's size."""

    def __init__(self, address: Address, opening: Opening) -> None:
        """Raises StartupError where the client is not installed, no broker answers, or the topic cannot be had."""
        try:
            from confluent_kafka import KafkaException, Producer  # noqa: PLC0415 - needed by who sends there alone
        except ImportError:
            raise StartupError(
                "kafka:// needs the package confluent-kafka. Install it: pip install confluent-kafka"
            ) from None
        self._notice, self._topic = opening.notice, address.path
        self._where = ",".join(address.hosts)
        self._sent = self._delivered = self._lost = 0
        self._away = False
        self._producer = Producer(_settings(address) | {"error_cb": self._trouble})
        try:
            known = self._producer.list_topics(self._topic, timeout=CONNECT_S).topics[self._topic]
        except KafkaException as error:
            address.refuse(f"does not answer: {error.args[0].str()}. Start a broker there.")
        if known.error is not None and not known.error.retriable():
            address.refuse(f"does not have the topic {self._topic}: {known.error.str()}.")
        self._away = False

    def has_receiver(self) -> bool:
        """True: the topic keeps what is sent."""
        return True

    def send(self, payload: bytes, device: str = "") -> bool:
        """Queue one record; False: the queue is full."""
        try:
            self._producer.produce(self._topic, payload, device or None, on_delivery=self._answered)
        except BufferError:
            self._producer.poll(0)
            return False
        self._sent += 1
        if self._sent % _POLL_EVERY == 0:
            self._producer.poll(0)
        return True

    def flush(self) -> int:
        """How many records no broker has acknowledged yet."""
        self._producer.poll(0)
        return len(self._producer)

    def close(self) -> None:
        """Wait up to two seconds for acknowledgements; what has none then is lost."""
        self._lost += self._producer.flush(GRACE_S)
        self._producer.purge()

    def account(self) -> Mapping[str, int]:
        """`delivered` were acknowledged."""
        return {"lost": self._lost, "delivered": self._delivered}

    def _answered(self, error: Any, _message: object) -> None:
        if error is None:
            self._delivered += 1
            self._away = False
            return
        self._lost += 1
        if self._lost == 1:
            self._notice(f"kafka://{self._where}/{self._topic} does not take a message: {error.str()}.")

    def _trouble(self, error: Any) -> None:
        if not self._away:
            self._away = True
            self._notice(f"kafka://{self._where}: {error.str()}. Waiting for it.")


def _settings(address: Address) -> dict[str, Any]:
    secured = address.options.get("tls", "0") in {"1", "true", "yes"} or "ca" in address.options
    settings: dict[str, Any] = {
        "bootstrap.servers": ",".join(address.hosts),
        "client.id": "waypost-simulate",
        "log_level": 2,
        "enable.idempotence": True,
        "linger.ms": 5,
        "message.timeout.ms": 0,  # never given up by itself: it waits for the broker
        "queue.buffering.max.messages": QUEUE_MESSAGES,
        "reconnect.backoff.max.ms": 2000,
        "security.protocol": ("SASL_" if address.user else "") + ("SSL" if secured else "PLAINTEXT"),
    }
    if "ca" in address.options:
        settings["ssl.ca.location"] = address.options["ca"]
    if address.user:
        mechanism = address.options.get("sasl", "PLAIN").upper()
        if mechanism not in _MECHANISMS:
            address.refuse(f"cannot be used with sasl={mechanism}. Use {', '.join(_MECHANISMS)}.")
        settings |= {
            "sasl.mechanism": mechanism,
            "sasl.username": address.user,
            "sasl.password": address.password,
        }
    return settings
