"""What forwarding is made of in a running ingest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from core.errors import StartupError
from db.registry import Registry
from db.write import Writer
from ingest.decoders import Decoder
from ingest.kafka.address import KafkaAddress, parse_kafka
from ingest.kafka.appender import KafkaAppender
from ingest.kafka.forward import BATCH, Forwarder, Reading
from ingest.kafka.partition import PartitionStream
from ingest.kafka.source import KafkaSource
from ingest.lanes import Lane
from ingest.sources.address import SourceAddress
from ingest.work import Readable, Reader

SETTING: Final = "WAYPOST_FORWARD"
_GIVE_UP_S: Final = 5.0


def make_forwarder(
    url: str,
    *,
    sources: Iterable[SourceAddress],
    lanes: Callable[[], Sequence[Lane]],
    writer: Writer,
    registry: Registry,
    decoders: Mapping[str, Decoder],
    default_decoder: Decoder,
    keep_days: int,
) -> Forwarder:
    """What forwards to the topic at `url`. `writer` and the decoders are for its use alone: it has a thread of its own.

    Raises StartupError for a URL that cannot be used, or one of a topic that is read as well.
    """
    address = parse_kafka(url, SETTING)
    for source in sources:
        if isinstance(source, KafkaAddress) and (source.brokers, source.topic) == (address.brokers, address.topic):
            raise StartupError(f"{SETTING} is {address.name}, which is a source as well: that would go round for ever.")

    def look_back(lane: Lane) -> Reading:
        if isinstance(lane.feed, KafkaSource) and isinstance(lane.stream, PartitionStream):
            partition = lane.feed.look_back(lane.stream)
            own = decoders.get(lane.feed.name, default_decoder)
            return Reading(reader_of(partition, own).read, partition.close)
        return Reading(reader_of(lane.stream, default_decoder).read)

    def reader_of(stream: Readable, default: Decoder) -> Reader:
        return Reader(stream, decoders, default, registry, batch_messages=BATCH, keep_days=keep_days)

    appender = KafkaAppender(url, setting=SETTING, give_up_s=_GIVE_UP_S)
    return Forwarder(appender, writer, lanes, look_back, registry)
