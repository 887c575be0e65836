"""Where messages come from; each source appends what it receives to the journal."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ingest.kafka.address import FORM as KAFKA_FORM
from ingest.kafka.address import parse_kafka
from ingest.kafka.source import KafkaSource
from ingest.sources import mqtt_options, tcp, udp, zmq
from ingest.sources.address import AddressForm, SourceAddress, parse, without_secrets
from ingest.sources.base import Source
from ingest.sources.mqtt import MqttSource
from ingest.sources.status import SourceStatus
from ingest.sources.tcp import tcp_source
from ingest.sources.udp import udp_source
from ingest.sources.zmq import ZmqSource

__all__ = [
    "Source",
    "SourceAddress",
    "SourceStatus",
    "ZmqSource",
    "make_source",
    "parse_address",
    "without_secrets",
]


class Transport(NamedTuple):
    """What a scheme of source URLs stands for: `make` raises StartupError for an address that can never work."""

    make: Callable[[SourceAddress], Source]
    form: AddressForm


TRANSPORTS: Final = {
    "zmq": Transport(ZmqSource, zmq.FORM),
    "udp": Transport(udp_source, udp.FORM),
    "tcp": Transport(tcp_source, tcp.FORM),
    "mqtt": Transport(MqttSource, mqtt_options.FORM),
    "mqtts": Transport(MqttSource, mqtt_options.TLS_FORM),
    "kafka": Transport(KafkaSource, KAFKA_FORM),
}


def parse_address(url: str) -> SourceAddress:
    """Parse one URL of WAYPOST_SOURCES. Raises StartupError that says what is wrong with it."""
    if url.lower().startswith("kafka://"):
        return parse_kafka(url)
    return parse(url, {scheme: transport.form for scheme, transport in TRANSPORTS.items()})


def make_source(address: SourceAddress) -> Source:
    """The source for an address, not started yet. Raises StartupError for one that can never work."""
    return TRANSPORTS[address.transport].make(address)
