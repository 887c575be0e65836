"""Where messages come from; each source appends what it receives to the journal."""

from ingest.sources.address import SourceAddress, parse_address
from ingest.sources.base import Source, SourceStatus
from ingest.sources.zmq import ZmqSource

__all__ = ["Source", "SourceAddress", "SourceStatus", "ZmqSource", "make_source", "parse_address"]


def make_source(address: SourceAddress) -> Source:
    """The source for an address, not started yet."""
    return ZmqSource(address)
