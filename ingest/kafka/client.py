"""How librdkafka is set up for an address: brokers, security, and what all clients share."""

from typing import Any, Final

from core.errors import StartupError
from ingest.kafka.address import KafkaAddress

_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

Settings = dict[str, Any]


def client_settings(address: KafkaAddress, setting: str = "WAYPOST_SOURCES") -> Settings:
    """Settings of any client for the brokers of `address`. Raises StartupError for security that is not known."""
    settings: Settings = {
        "bootstrap.servers": address.brokers,
        "client.id": "waypost",
        # What goes wrong comes by callback, to be said once and in our log.
        "log_level": 2,
        "reconnect.backoff.max.ms": 2_000,
        "topic.metadata.refresh.interval.ms": 10_000,
        "socket.keepalive.enable": True,
    }
    secured = address.flag("tls") or "ca" in address.options
    if secured and "ca" in address.options:
        settings["ssl.ca.location"] = address.options["ca"]
    if address.user is not None:
        mechanism = address.options.get("sasl", "PLAIN").upper()
        if mechanism not in _MECHANISMS:
            known = ", ".join(_MECHANISMS)
            raise StartupError(f"{setting}: {address.name} asks for sasl={mechanism}, which is not known; use {known}.")
        settings["sasl.mechanism"] = mechanism
        settings["sasl.username"] = address.user
        settings["sasl.password"] = address.password or ""
    by = ("SASL_" if address.user is not None else "") + ("SSL" if secured else "PLAINTEXT")
    return settings | {"security.protocol": by}


def producer_settings(address: KafkaAddress, setting: str, *, give_up_s: float) -> Settings:
    """Settings of a producer that is told of success when all replicas have a message, and of failure in time."""
    return client_settings(address, setting) | {
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        "linger.ms": 5,
        "batch.size": 1_000_000,
        "queue.buffering.max.messages": 100_000,
        "queue.buffering.max.kbytes": 65_536,
        "message.timeout.ms": round(give_up_s * 1000),
    }
