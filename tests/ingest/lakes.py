"""A journal with a lake, for tests to fill and to look into."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from core.settings import Settings
from ingest.lake import worker
from ingest.lake.archive import Archive, Worker
from ingest.lake.place import Lake, lake_url
from tests.ingest.journals import small_journal

DAY = 86_400_000_000
MIDNIGHT = 20_780 * DAY
"""2026-11-23T00:00Z in microseconds since 1970."""


class Forked:
    """The worker as a process of its own that was forked from this one: starting Python anew takes it a second."""

    def __init__(self, task: IO[bytes], outcome: IO[bytes]) -> None:
        self.returncode: int | None = None
        self._id = os.fork()
        if self._id == 0:
            code = 1
            try:
                sys.stdin, sys.stdout = os.fdopen(os.dup(task.fileno())), os.fdopen(os.dup(outcome.fileno()), "w")
                code = worker.main()
                sys.stdout.flush()
            finally:
                os._exit(code)

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._ended(os.WNOHANG)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        code = self._ended(0)
        assert code is not None
        return code

    def kill(self) -> None:
        """As the kernel kills."""
        if self.returncode is None:
            os.kill(self._id, signal.SIGKILL)

    def _ended(self, how: int) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self._id, how)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class Bay:
    """A data directory with a journal, and the job that archives it."""

    def __init__(
        self,
        directory: Path,
        urls: list[str] | None = None,
        start: Callable[[IO[bytes], IO[bytes]], Worker] = Forked,
        **settings: Any,
    ) -> None:
        self.start = start
        self.directory = directory
        self.urls = urls or []
        self.given = {"lake": True, **settings}
        self.now = 0.0
        self.stored = 0
        self.open()

    def open(self, **changed: Any) -> None:
        """As after a start."""
        self.given |= changed
        self.settings = Settings(_env_file=None, data_dir=self.directory, **self.given)
        self.journal = small_journal(self.directory / "journal", segment_bytes=1 << 20, max_bytes=1 << 24)
        self.journal.take_up(self.stored)
        self.archive = Archive(self.settings, self.urls, self.journal, lambda: self.now, self.start)

    def close(self) -> None:
        """As at a stop."""
        self.archive.stop()
        self.journal.close()

    def put(self, *payloads: object, source: str = "test", at: int = MIDNIGHT) -> int:
        """Journal a record of payloads (bytes, or what becomes JSON), as stored."""
        made = [p if isinstance(p, bytes) else json.dumps(p).encode() for p in payloads]
        sequence = self.journal.append(source, made, received_at=at)
        self.stored = sequence
        self.journal.stored(sequence)
        return sequence

    def archived(self) -> "Bay":
        """Let the job bring all there is into the lake."""
        self.journal.close_segment()
        last = self.journal.next_sequence - 1
        self.turn_until(lambda: self.archive.archived >= last)
        return self

    def turn_until(self, done: Any) -> None:
        """Let the job work until `done()`; fail where it stands still instead."""
        end = time.monotonic() + 60
        while not done():
            assert time.monotonic() < end, self.archive.problem
            self.archive.turn()
            assert self.archive.problem is None
            time.sleep(0.02)

    @property
    def lake(self) -> Lake:
        """Where it archives to."""
        return Lake(lake_url(self.settings))

    @property
    def folder(self) -> Path:
        """The same as a path."""
        return Path(self.lake.root)

    def files(self) -> dict[str, bytes]:
        """Every file of the lake, those beside its parts too, by its path."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def rows(self) -> list[dict[str, Any]]:
        """All rows, as pyarrow reads the folder."""
        found: list[dict[str, Any]] = pq.read_table(self.folder).to_pylist()
        return sorted(found, key=lambda row: (row["sequence"], row["payload_index"]))
