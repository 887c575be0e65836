"""How far the journal is in the lake: a small file beside the journal, replaced as a whole."""

from pathlib import Path

import msgspec

from ingest.journal.segments import sync_directory
from ingest.lake.place import sync_file


class _State(msgspec.Struct):
    lake: str
    archived: int


class Progress:
    """`archived` is the last sequence number in the lake at `url`; 0 for a lake that was not written to from here.

    Where the file is lost or cannot be read, the journal goes there again: its parts replace themselves.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url
        self.archived = self._read()

    def move(self, archived: int) -> None:
        """Say that all up to `archived` is in the lake. Raises OSError."""
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(_State(self._url, archived)))
        sync_file(fresh)
        fresh.replace(self._path)
        sync_directory(self._path.parent)
        self.archived = archived

    def _read(self) -> int:
        try:
            state = msgspec.json.decode(self._path.read_bytes(), type=_State)
        except (OSError, msgspec.MsgspecError):
            return 0
        return state.archived if state.lake == self._url else 0
