"""Ways to send messages, chosen by the scheme of a URL: one module each, and a line in `open_transport`'s table."""

from collections.abc import Callable

from simulate.transports.address import Address, parse_address
from simulate.transports.base import Opening, PeerRefuses, Transport
from simulate.transports.http import HttpCollector
from simulate.transports.kafka import KafkaTopic
from simulate.transports.mqtt import MqttTopic
from simulate.transports.tcp import TcpLines
from simulate.transports.udp import UdpSender
from simulate.transports.zmq import ZmqPublisher, open_zmq

__all__ = ["Opening", "PeerRefuses", "Transport", "ZmqPublisher", "open_transport"]


def open_transport(url: str, opening: Opening | None = None) -> Transport:
    """Open the transport that `url` names (docs/simulate.md lists them).

    Raises StartupError, in one line, for an address that cannot be used or where nobody answers who should.
    """
    openers: dict[str, Callable[[Address, Opening], Transport]] = {
        "zmq": open_zmq,
        "zmq+connect": open_zmq,
        "udp": UdpSender,
        "tcp": TcpLines,
        "http": HttpCollector,
        "https": HttpCollector,
        "kafka": KafkaTopic,
        "mqtt": MqttTopic,
        "mqtts": MqttTopic,
    }
    address = parse_address(url)
    return openers[address.scheme](address, opening or Opening())
