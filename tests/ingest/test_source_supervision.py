"""What holds for every source: it begins anew after a pause, and says how it is."""

import threading
from pathlib import Path

import pytest

from ingest.sources.address import SourceAddress
from ingest.sources.base import Failed, Pauses, ThreadedSource
from ingest.sources.intake import Intake
from tests.ingest.receiving import FillableJournal, wait_until


class Scripted(ThreadedSource):
    """Goes through `script`: an error is raised, a payload is taken in; then it waits to be stopped."""

    def __init__(self, script: list[Exception | bytes]) -> None:
        super().__init__(SourceAddress("scripted", "h", 1, {}, "s"))
        self.script = script
        self._pauses = Pauses(first=0.001, longest=0.002)

    def _receive(self, intake: Intake) -> None:
        while self.script:
            step = self.script.pop(0)
            if isinstance(step, Exception):
                raise step
            intake.take([step])
        self._stopping.wait()


def test_whatever_ends_a_source_it_is_started_again_and_says_so(tmp_path: Path) -> None:
    journal = FillableJournal(tmp_path)
    source = Scripted([Failed("no"), OSError(5, "broken"), ZeroDivisionError("a fault of ours"), b"at last"])
    source.start(journal)
    wait_until(lambda: source.status.received == 1)
    wait_until(lambda: source.status.state == "receiving")
    snapshot = source.status.snapshot()
    assert (snapshot["restarts"], snapshot["problem"], snapshot["bytes"]) == (3, None, 7)
    assert snapshot["receiving"] is True
    source.stop()
    journal.close()


def test_what_went_wrong_stays_to_be_read_while_it_tries_again(tmp_path: Path) -> None:
    journal = FillableJournal(tmp_path)
    source = Scripted([Failed("the cable is out")])
    source.start(journal)
    wait_until(lambda: source.status.state == "connecting" and source.status.restarts == 1)
    assert source.status.problem == "the cable is out"
    source.stop()
    assert f"source {source.name}" not in {thread.name for thread in threading.enumerate()}
    journal.close()


def test_pauses_double_up_to_the_longest_are_spread_and_begin_anew() -> None:
    pauses = Pauses(0.5, 30.0)
    for full in (0.5, 1, 2, 4, 8, 16, 30, 30):
        assert full / 2 <= pauses.next() <= full
    pauses.reset()
    assert pauses.next() <= 0.5
    assert len({Pauses().next() for _ in range(20)}) > 10


def test_a_failure_that_repeats_is_logged_once_a_minute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = FillableJournal(tmp_path)
    source = Scripted([*[Failed("the cable is out")] * 50, b"at last"])
    source.start(journal)
    wait_until(lambda: source.status.received == 1)
    source.stop()
    printed = capsys.readouterr()
    assert (printed.out + printed.err).count("the cable is out") == 1
    journal.close()
