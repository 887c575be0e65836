"""URLs of topics: kafka://[user:password@]broker[:port][,broker...]/topic?options."""

from dataclasses import dataclass, fields
from typing import Final

from core.errors import StartupError
from ingest.sources.address import AddressForm, SourceAddress, parse

FORM: Final = AddressForm(
    frozenset({"group", "session_s", "tls", "ca", "sasl"}),
    default_port=9092,
    path=True,
    user=True,
)
_DEFAULT_GROUP: Final = "waypost"


@dataclass(frozen=True, slots=True)
class KafkaAddress(SourceAddress):
    """A parsed topic URL. `brokers` are host:port, separated by commas."""

    brokers: str = ""

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self.path

    @property
    def group(self) -> str:
        """The consumer group's name."""
        return self.options.get("group") or _DEFAULT_GROUP


def parse_kafka(url: str, setting: str = "WAYPOST_SOURCES") -> KafkaAddress:
    """Parse a topic's URL, which `setting` has. Raises StartupError that says what is wrong with it."""
    scheme, separator, rest = url.partition("://")
    netloc, slash, tail = rest.partition("/")
    credentials, at, hosts = netloc.rpartition("@")
    try:
        each = [
            parse(f"{scheme}{separator}{credentials}{at}{host}{slash}{tail}", {"kafka": FORM})
            for host in hosts.split(",")
        ]
    except StartupError as error:
        raise StartupError(str(error).replace("WAYPOST_SOURCES", setting)) from None
    first, brokers = each[0], ",".join(one.where for one in each)
    values = {field.name: getattr(first, field.name) for field in fields(SourceAddress)}
    if not first.options.get("source"):
        values["name"] = f"kafka://{brokers}/{first.path}"
    return KafkaAddress(**values, brokers=brokers)
