"""What the journal does for the lake and for replay: closes segments, keeps them until archived, lets old ones go."""

import os
from pathlib import Path

import pytest

from core.errors import JournalFull
from ingest.journal.window import JournalWindow
from tests.ingest.journals import KB, first_of, noise, segments, small_journal

FOREVER = 2**62


def test_only_whole_segments_that_are_stored_count_as_closed(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 30):
        journal.append("s", [noise(number)])
    assert journal.closed_segments() == []
    second, third = (first_of(path) for path in segments(tmp_path)[1:3])
    journal.stored(third - 2)
    assert [(s.first, s.behind) for s in journal.closed_segments()] == [(1, second)]
    journal.stored(29)
    journal.close_segment()
    journal.close_segment()
    assert [s.behind for s in journal.closed_segments()][-1] == 30
    assert [s.path for s in journal.closed_segments()] == segments(tmp_path)[:-1]
    journal.close()
    journal.close_segment()
    with pytest.raises(JournalFull, match="closed"):
        journal.append("s", [b"x"])


def test_old_segments_go_once_they_are_stored_and_archived(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 30):
        journal.append("s", [noise(number)])
    first, second, *_ = segments(tmp_path)
    for path in (first, second):
        os.utime(path, (1000, 1000))
    assert journal.expire(before=2000) == 0
    journal.stored(29)
    journal.keeping.archived = 0
    assert journal.expire(before=2000) == 0
    journal.keeping.archived = first_of(second) - 1
    assert journal.expire(before=2000) == 1
    assert segments(tmp_path)[0] == second
    assert journal.expire(before=500) == 0
    journal.keeping.archived = None
    assert journal.expire(before=2000) == 1
    assert journal.keeping.never_archived == 0
    journal.close()


def test_what_must_go_before_it_is_in_the_lake_is_counted(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, max_bytes=16 * KB)
    journal.keeping.archived = 3
    for number in range(1, 100):
        journal.append("s", [noise(number)])
        journal.stored(number)
    assert journal.keeping.never_archived == first_of(segments(tmp_path)[0]) - 4
    journal.close()


def test_a_window_holds_what_was_received_within_it_and_is_stored(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 40):
        journal.append("s", [noise(number)], received_at=number * 1000)
    passed: list[int] = []
    window = JournalWindow(tmp_path, 5_000, 30_000, until=25)
    assert [record.sequence for record in window.records(passed.append)] == list(range(5, 26))
    assert sum(passed) == window.size
    everything = JournalWindow(tmp_path, 0, FOREVER, until=100)
    assert [record.payloads for record in everything.records(passed.append)] == [[noise(n)] for n in range(1, 40)]
    assert everything.damaged == []
    journal.close()


def test_a_window_reads_beside_a_writer_that_is_in_the_middle_of_a_record(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, segment_bytes=64 * KB)
    for number in range(1, 6):
        journal.append("s", [noise(number)], received_at=number)
    [path] = segments(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:300])
    window = JournalWindow(tmp_path, 0, FOREVER, until=5)
    assert [record.sequence for record in window.records(lambda _: None)] == [1, 2, 3, 4, 5]
    assert window.damaged == []
    journal.close()


def test_damage_within_a_window_is_skipped_and_told(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 30):
        journal.append("s", [noise(number)], received_at=number)
    journal.close()
    path = segments(tmp_path)[1]
    data = bytearray(path.read_bytes())
    data[100] ^= 0xFF
    path.write_bytes(data)
    window = JournalWindow(tmp_path, 0, FOREVER, until=29)
    lost = first_of(path)
    assert [r.sequence for r in window.records(lambda _: None)] == [n for n in range(1, 30) if n != lost]
    [damage] = window.damaged
    assert damage.file == path.name
    assert damage.bytes > 500
    first = window.first()
    assert first is not None
    assert (first.sequence, first.received_at) == (1, 1)


def test_a_window_ends_with_what_is_stored_also_where_the_last_of_it_is_damaged(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, segment_bytes=64 * KB)
    for number in range(1, 6):
        journal.append("s", [noise(number)], received_at=number)
    journal.close()
    [path] = segments(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    window = JournalWindow(tmp_path, 0, FOREVER, until=3)
    assert [record.sequence for record in window.records(lambda _: None)] == [1, 2]


def test_a_segment_that_goes_while_the_window_is_read_is_named(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 30):
        journal.append("s", [noise(number)], received_at=number)
    window = JournalWindow(tmp_path, 0, FOREVER, until=29)
    gone = segments(tmp_path)[1]
    gone.unlink()
    behind = first_of(segments(tmp_path)[1])
    kept = [n for n in range(1, 30) if not first_of(gone) <= n < behind]
    assert [record.sequence for record in window.records(lambda _: None)] == kept
    assert window.gone == [gone.name]
    journal.close()
