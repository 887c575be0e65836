"""What the URLs of WAYPOST_SOURCES ask for, checked as a whole: sources, and what decodes each."""

from collections.abc import Sequence
from typing import NamedTuple

from core.errors import StartupError
from ingest.collector import HTTP, RECEIVERS
from ingest.decoders import Decoder, decoder_for
from ingest.sources import Source, SourceAddress, make_source, parse_address


class Planned(NamedTuple):
    """Sources that are not started yet, in the order of their URLs, and their decoders by name."""

    addresses: list[SourceAddress]
    sources: list[Source]
    decoders: dict[str, Decoder]


def plan(urls: Sequence[str], *, max_ahead_s: int) -> Planned:
    """Read the URLs of all sources. Raises StartupError that says which of them cannot work, and why."""
    addresses = [parse_address(url) for url in urls]
    names = [address.name for address in addresses]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StartupError(
            f"WAYPOST_SOURCES names {twice[0]!r} twice; give each source a name of its own with ?source=NAME."
        )
    if reserved := sorted({HTTP, *RECEIVERS} & set(names)):
        raise StartupError(
            f"WAYPOST_SOURCES calls a source {reserved[0]!r}, as a receiver for HTTP is called; take another name."
        )
    decoders = {a.name: decoder_for(a.options, max_ahead_s=max_ahead_s) for a in addresses}
    return Planned(addresses, [make_source(address) for address in addresses], decoders)
