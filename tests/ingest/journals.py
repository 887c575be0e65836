"""Small journals for tests, and a look into their folders."""

from pathlib import Path

from ingest.journal import Journal

KB = 1024


def small_journal(
    directory: Path, *, segment_bytes: int = 4 * KB, max_bytes: int = 1024 * KB, memory_bytes: int = 0
) -> Journal:
    """A journal that, unless told otherwise, keeps but the newest record in memory, so that others come from disk."""
    return Journal(directory, segment_bytes=segment_bytes, max_bytes=max_bytes, memory_bytes=memory_bytes)


def noise(number: int, size: int = 500) -> bytes:
    """A payload that says its number and does not compress."""
    text, state = b"%06d" % number, number * 2_654_435_761 + 1
    out = bytearray(text)
    while len(out) < size:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        out += state.to_bytes(8, "little")[4:]
    return bytes(out[:size])


def segments(directory: Path) -> list[Path]:
    """The segment files, in order."""
    return sorted(directory.glob("*.journal"))


def first_of(path: Path) -> int:
    """The number of a segment's first record, by its name."""
    return int(path.stem)


def read_all(journal: Journal, after: int = 0, at_once: int = 7) -> list[tuple[int, list[bytes]]]:
    """Everything behind `after`, read in batches as the pipeline does."""
    found: list[tuple[int, list[bytes]]] = []
    while records := journal.read(after, at_once):
        found += [(record.sequence, record.payloads) for record in records]
        after = records[-1].sequence
    return found
