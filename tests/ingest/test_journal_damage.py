"""The journal after crashes and on bad disks: what was acknowledged is there, and damage costs only what it hit."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.ingest.journals import first_of, noise, read_all, segments, small_journal

ROOT = Path(__file__).resolve().parents[2]
APPENDER = """
import sys
from pathlib import Path
from ingest.journal import Journal
journal = Journal(Path(sys.argv[1]), segment_bytes=16384, max_bytes=1 << 24)
while True:
    number = journal.next_sequence
    journal.append("s", [b"%d" % number] * (number % 5 + 1))
    print(number, flush=True)
"""


def filled(directory: Path, count: int) -> list[Path]:
    """The segments of a journal with records 1 to `count`, closed in good order."""
    journal = small_journal(directory)
    for number in range(1, count + 1):
        journal.append("s", [noise(number)])
    journal.close()
    return segments(directory)


def test_a_torn_tail_is_cut_off_at_any_length_and_said(tmp_path: Path) -> None:
    (path,) = filled(tmp_path / "journal", 3)
    whole = path.read_bytes()
    (one,) = filled(tmp_path / "shorter", 2)
    begin = one.stat().st_size
    for length in (begin + 1, begin + 37, begin + 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        with capture_logs() as logs:
            journal = small_journal(tmp_path / "journal")
        assert [(line["log_level"], line["bytes"]) for line in logs] == [("warning", length - begin)], length
        assert "cut off" in logs[0]["why"]
        assert journal.next_sequence == 3
        assert path.stat().st_size == begin
        journal.close()


def test_after_a_torn_tail_it_goes_on_with_the_number_that_was_never_acknowledged(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 3)
    os.truncate(path, path.stat().st_size - 1)
    journal = small_journal(tmp_path)
    assert journal.append("s", [b"again"]) == 3
    assert [sequence for sequence, _ in read_all(journal)] == [1, 2, 3]
    journal.close()
    journal = small_journal(tmp_path)
    assert read_all(journal, 2) == [(3, [b"again"])]
    journal.close()


@pytest.mark.parametrize("hit", [1, 4, 5, 13, 20])
def test_a_flipped_bit_loses_that_record_alone(tmp_path: Path, hit: int) -> None:
    for path in filled(tmp_path, 20):
        data = bytearray(path.read_bytes())
        at = data.find(b"%06d" % hit)
        if at >= 0:
            data[at] ^= 0x10
            path.write_bytes(data)
    with capture_logs() as logs:
        journal = small_journal(tmp_path)
        found = read_all(journal)
    assert found == [(n, [noise(n)]) for n in range(1, 21) if n != hit]
    assert len(logs) == 1
    assert "checksum" in logs[0]["why"]
    # At the very end it is what a crash leaves of a record that nobody was told is there.
    assert journal.damaged_bytes == (0 if hit == 20 else logs[0]["bytes"])
    journal.close()


def test_damage_is_said_once_though_reading_is_tried_again_and_again(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    journal.append("s", [noise(1)])
    (path,) = segments(tmp_path)
    path.write_bytes(bytes(path.stat().st_size))
    journal._tail.clear()
    with capture_logs() as logs:
        for _ in range(5):
            assert journal.read(0, 10) == []
    assert len(logs) == 1
    assert journal.append("s", [noise(2)]) == 2
    journal._tail.clear()
    assert read_all(journal) == [(2, [noise(2)])]
    journal.close()


def test_a_segment_without_one_good_record_gives_its_numbers_up(tmp_path: Path) -> None:
    files = filled(tmp_path, 20)
    files[-1].write_bytes(bytes(files[-1].stat().st_size))
    journal = small_journal(tmp_path)
    assert journal.next_sequence == first_of(files[-1])
    assert read_all(journal)[-1][0] == first_of(files[-1]) - 1
    journal.close()


@pytest.mark.parametrize("emptied", [False, True], ids=["deleted", "emptied"])
def test_a_segment_taken_away_while_running_loses_its_records_alone(tmp_path: Path, emptied: bool) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 31):
        journal.append("s", [noise(number)])
    _, gone, behind = segments(tmp_path)[:3]
    gone.write_bytes(b"") if emptied else gone.unlink()
    missing = set(range(first_of(gone), first_of(behind)))
    assert [sequence for sequence, _ in read_all(journal)] == [n for n in range(1, 31) if n not in missing]
    journal.close()


def test_an_empty_file_left_over_hides_nothing(tmp_path: Path) -> None:
    """A crash or a full disk may leave the file of a segment that was never begun."""
    filled(tmp_path, 20)
    (tmp_path / f"{12:020d}.journal").touch()
    journal = small_journal(tmp_path)
    assert journal.next_sequence == 21
    assert [sequence for sequence, _ in read_all(journal)] == list(range(1, 21))
    assert [sequence for sequence, _ in read_all(journal, after=12)] == list(range(13, 21))
    journal.close()


def test_after_kill_9_everything_acknowledged_is_there(tmp_path: Path) -> None:
    moments = random.Random(4)
    acknowledged = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as appender:
            assert appender.stdout is not None
            for _ in range(moments.randrange(20, 120)):
                acknowledged = int(appender.stdout.readline())
            appender.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *map(int, appender.stdout.read().split("\n")[:-1])])
    journal = small_journal(tmp_path)
    found = read_all(journal)
    assert [sequence for sequence, _ in found] == list(range(1, journal.next_sequence))
    assert journal.next_sequence > acknowledged > 60
    assert all(payloads == [b"%d" % n] * (n % 5 + 1) for n, payloads in found)
    journal.close()
