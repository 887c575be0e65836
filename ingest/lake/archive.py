"""The job that keeps the lake up with the journal: it sees to one segment at a time, and waits for nothing."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, Protocol

import msgspec

from core.log import RateLimitedLog, get_logger
from core.settings import Settings
from ingest.journal import Journal
from ingest.lake.place import lake_url, shown
from ingest.lake.progress import Progress
from ingest.lake.task import Done, Task

_RETRY_S: Final = 30.0
_EXPIRE_S: Final = 3600.0
_MOST_S: Final = 7200.0
"""A segment that takes longer than this hangs, at an object store that does not answer."""
_CODE: Final = Path(__file__).resolve().parents[2]


class Worker(Protocol):
    """A process that does a task, as `subprocess.Popen` shows it."""

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def kill(self) -> None: ...

    def wait(self) -> int: ...


def start_worker(task: IO[bytes], outcome: IO[bytes]) -> Worker:
    """A worker that reads its task from one file and writes what came of it to the other."""
    return subprocess.Popen([sys.executable, "-m", "ingest.lake.worker"], cwd=_CODE, stdin=task, stdout=outcome)


class Archive:
    """`turn` is called every few seconds by one thread, `stop` once that has ended. `urls` are those of the sources.

    `problem` says why the lake stands still, None while it does not.
    """

    def __init__(
        self,
        settings: Settings,
        urls: list[str],
        journal: Journal,
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[IO[bytes], IO[bytes]], Worker] = start_worker,
    ) -> None:
        self.problem: str | None = None
        self._journal = journal
        self._clock = clock
        self._start = start
        self._minutes = settings.lake_minutes
        self._keep_hours = settings.keep_journal_hours
        self._log = get_logger("lake")
        self._limited = RateLimitedLog(self._log)
        self._child: Worker | None = None
        self._output: IO[bytes] | None = None
        self._archiving = 0
        self._closed_at = self._begun = clock()
        self._expired_at = self._retry_at = float("-inf")
        self._on = settings.lake
        self._keep_days = settings.keep_lake_days
        data_dir = Path(settings.data_dir).expanduser().resolve()
        self._task = Task(lake_url(settings), str(data_dir), urls, settings.max_ahead_s)
        self._progress = Progress(data_dir / "lake.json", self._task.url)
        if self._on:
            # A journal that has not come that far is a new one, that counts anew.
            if self._progress.archived >= journal.next_sequence:
                self._progress.archived = 0
            journal.keeping.archived = self._progress.archived

    @property
    def archived(self) -> int:
        """The last sequence number that is in the lake."""
        return self._progress.archived

    def turn(self) -> None:
        """Take the outcome of the segment under way, or begin with the next; let old segments of the journal go.

        Raises JournalFull where the disk has no room for a new segment.
        """
        if self._keep_hours:
            self._journal.expire(time.time() - 3600 * self._keep_hours)
        if not self._on:
            return
        if self._child is not None:
            if self._child.poll() is None:
                if self._clock() - self._begun < _MOST_S:
                    return
                self._child.kill()
                self._child.wait()
            self._take_outcome()
        if self._clock() - self._closed_at >= 60 * self._minutes:
            self._closed_at = self._clock()
            self._journal.close_segment()
        if self._clock() >= self._retry_at:
            self._begin_next()

    def status(self) -> dict[str, Any] | None:
        """What it is doing, as plain values; None where there is no lake."""
        if not self._on:
            return None
        waiting = sum(s.behind > self.archived + 1 for s in self._journal.closed_segments())
        never = self._journal.keeping.never_archived
        return {
            "archived": self.archived,
            "segments_waiting": waiting,
            "never_archived": never,
            "problem": self.problem,
        }

    def stop(self) -> None:
        """End the segment under way: it is done again after the next start."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._forget()

    def _begin_next(self) -> None:
        waiting = [s for s in self._journal.closed_segments() if s.behind > self.archived + 1]
        expires = self._keep_days and self._clock() - self._expired_at >= _EXPIRE_S
        if not waiting and not expires:
            return
        task = msgspec.structs.replace(self._task, keep_days=self._keep_days if expires else 0)
        self._archiving = 0
        if waiting:
            segment = waiting[0]
            task.segment, task.size = str(segment.path), segment.size
            self._archiving = segment.behind - 1
        if expires:
            self._expired_at = self._clock()
        self._spawn(task)

    def _spawn(self, task: Task) -> None:
        """By files, not pipes: nobody here waits to empty them."""
        self._begun = self._clock()
        with tempfile.TemporaryFile() as given:
            given.write(msgspec.json.encode(task))
            given.seek(0)
            self._output = tempfile.TemporaryFile()  # noqa: SIM115 - open until the outcome is taken
            self._child = self._start(given, self._output)

    def _take_outcome(self) -> None:
        done = self._outcome()
        self._forget()
        self.problem = done.problem
        if done.problem is not None:
            self._retry_at = self._clock() + _RETRY_S
            where = shown(self._task.url)
            self._limited.warning("lake", "the lake stands still; it is tried again", lake=where, why=done.problem)
            return
        for damage in done.damaged:
            self._log.warning("damage in the journal is missing in the lake", why=damage)
        if self._archiving:
            self._progress.move(self._archiving)
            self._journal.keeping.archived = self._archiving
            took = round(self._clock() - self._begun, 1)
            self._log.info("a segment is in the lake", rows=done.rows, parts=done.parts, seconds=took)
        if done.removed:
            self._log.info("old days left the lake", parts=done.removed)

    def _outcome(self) -> Done:
        if self._child is None or self._output is None:
            return Done()
        self._output.seek(0)
        try:
            return msgspec.json.decode(self._output.read(), type=Done)
        except msgspec.MsgspecError:
            return Done(problem=f"the process that writes it ended with {self._child.returncode}")

    def _forget(self) -> None:
        if self._output is not None:
            self._output.close()
        self._child = self._output = None
