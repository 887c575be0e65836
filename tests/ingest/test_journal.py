"""The journal in good times: what is appended is read back in order, from memory and from disk."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import JournalFull, StartupError
from ingest.journal import Journal, record
from tests.ingest.journals import KB, first_of, noise, read_all, segments, small_journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    one = small_journal(tmp_path)
    yield one
    one.close()


def test_a_new_journal_is_empty_and_begins_with_1(journal: Journal) -> None:
    assert journal.next_sequence == 1
    assert journal.read(0, 100) == []
    assert journal.append("s", [b"x"]) == 1
    assert journal.next_sequence == 2


def test_a_record_is_read_back_with_source_time_and_payloads(journal: Journal) -> None:
    journal.append("zmq://ü:1", [b"one", b"", b"three"], received_at=1_795_382_343_123_456)
    (found,) = journal.read(0, 100)
    assert (found.sequence, found.source, found.received_at) == (1, "zmq://ü:1", 1_795_382_343_123_456)
    assert found.payloads == [b"one", b"", b"three"]


def test_reading_goes_on_behind_a_number(journal: Journal) -> None:
    for number in range(1, 31):
        journal.append("s", [noise(number)])
    for after in range(31):
        assert [sequence for sequence, _ in read_all(journal, after)] == list(range(after + 1, 31))


def test_reading_stops_at_the_record_that_reaches_the_number_of_payloads(journal: Journal) -> None:
    for _ in range(3):
        journal.append("s", [b"a", b"b"])
    for memory_left in (True, False):
        assert [r.sequence for r in journal.read(0, 1)] == [1], memory_left
        assert [r.sequence for r in journal.read(0, 2)] == [1], memory_left
        assert [r.sequence for r in journal.read(0, 3)] == [1, 2], memory_left
        journal.stored(3)


def test_the_bytes_appended_stay_though_the_sender_uses_its_list_again(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, memory_bytes=KB)
    batch = [b"first"]
    journal.append("s", batch)
    batch[0] = b"second"
    assert journal.read(0, 1)[0].payloads == [b"first"]
    journal.close()


def test_segments_roll_and_are_named_by_their_first_record(tmp_path: Path, journal: Journal) -> None:
    for number in range(1, 41):
        journal.append("s", [noise(number)])
    files = segments(tmp_path)
    assert len(files) > 4
    assert all(path.stat().st_size <= 4 * KB for path in files)
    assert journal.size() == sum(path.stat().st_size for path in files)
    for path in files:
        first = next(record.Decoder().places(path.read_bytes(), lambda damage, _again: pytest.fail(str(damage))))
        assert first.sequence == first_of(path)
    assert read_all(journal) == [(n, [noise(n)]) for n in range(1, 41)]


def test_a_record_larger_than_a_segment_has_one_of_its_own(tmp_path: Path, journal: Journal) -> None:
    journal.append("s", [b"small"])
    journal.append("s", [noise(2, 20 * KB)])
    journal.append("s", [b"small"])
    assert [first_of(path) for path in segments(tmp_path)] == [1, 2, 3]
    assert [sequence for sequence, _ in read_all(journal)] == [1, 2, 3]


def test_a_reopened_journal_goes_on(tmp_path: Path) -> None:
    for begin in (1, 11, 21):
        journal = small_journal(tmp_path)
        assert journal.next_sequence == begin
        for number in range(begin, begin + 10):
            assert journal.append("s", [noise(number)]) == number
        journal.close()
    journal = small_journal(tmp_path)
    assert read_all(journal) == [(n, [noise(n)]) for n in range(1, 31)]
    journal.close()


def test_skip_to_numbers_on_behind_what_is_stored(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    journal.append("s", [b"old"])
    journal.skip_to(1000)
    assert journal.read(1000, 10) == []
    assert journal.append("s", [b"new"]) == 1001
    journal.skip_to(500)
    assert journal.append("s", [b"newer"]) == 1002
    assert read_all(journal, 1000) == [(1001, [b"new"]), (1002, [b"newer"])]
    journal.close()
    journal = small_journal(tmp_path)
    assert journal.next_sequence == 1003
    assert read_all(journal) == [(1, [b"old"]), (1001, [b"new"]), (1002, [b"newer"])]
    journal.close()


def test_a_reopened_journal_does_not_fall_back_behind_a_number_it_skipped_to(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    journal.skip_to(1000)
    journal.close()
    journal = small_journal(tmp_path)
    assert journal.next_sequence == 1001
    journal.close()


@pytest.mark.parametrize("payload", [noise(1, KB), b""], ids=["large", "empty"])
def test_memory_is_bounded_and_what_does_not_fit_comes_from_disk(tmp_path: Path, payload: bytes) -> None:
    journal = small_journal(tmp_path, max_bytes=8 << 20, memory_bytes=8 * KB)
    for _ in range(200):
        journal.append("s", [payload])
    in_memory = [r for r, _ in journal._tail]
    assert 0 < len(in_memory) < 150
    assert [sequence for sequence, _ in read_all(journal, at_once=50)] == list(range(1, 201))
    journal.stored(200)
    assert not journal._tail
    assert journal._tail_bytes == 0
    journal.close()


def test_a_long_backlog_is_read_in_batches_without_reading_anything_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = small_journal(tmp_path, segment_bytes=1 << 20, max_bytes=8 << 20)
    for number in range(300):
        journal.append("s", [b"%d" % number])
    looked_at: list[int] = []
    whole = record._whole

    def counted(view: memoryview, at: int) -> record.Place:
        looked_at.append(at)
        return whole(view, at)

    monkeypatch.setattr(record, "_whole", counted)
    shown = 0
    for stored in range(0, 290, 10):  # two readers take turns, as while the database is away
        assert [r.sequence for r in journal.read(stored, 10)] == list(range(stored + 1, stored + 11))
        shown = stored // 2 // 5 * 5
        assert len(journal.read(shown, 5)) == 5
    assert len(looked_at) < 3 * 300
    journal.close()


def test_threads_append_at_once_while_one_reads_and_nothing_is_lost_or_out_of_order(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, segment_bytes=8 * KB, max_bytes=8 << 20, memory_bytes=4 * KB)
    numbers: dict[str, list[int]] = {f"source {n}": [] for n in range(4)}

    def send(source: str) -> None:
        for number in range(60):
            numbers[source].append(journal.append(source, [b"%s %d" % (source.encode(), number)] * 2))

    threads = [threading.Thread(target=send, args=[source]) for source in numbers]
    for thread in threads:
        thread.start()
    seen: dict[str, list[bytes]] = {source: [] for source in numbers}
    sequences: list[int] = []
    while len(sequences) < 240:
        for found in journal.read(len(sequences), 20):
            sequences.append(found.sequence)
            seen[found.source] += found.payloads
        if len(sequences) % 3 == 0:
            journal.stored(len(sequences))
    for thread in threads:
        thread.join()
    assert sequences == list(range(1, 241))
    assert sorted(itertools.chain.from_iterable(numbers.values())) == sequences
    for source, payloads in seen.items():
        assert payloads == [b"%s %d" % (source.encode(), n) for n in range(60) for _ in range(2)]
        assert numbers[source] == sorted(numbers[source])
    journal.close()


def test_a_closed_journal_takes_nothing_more_and_touches_no_other_file(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    journal.close()
    journal.close()
    with (tmp_path / "other").open("wb") as other:  # it has the file number that the journal had
        with pytest.raises(JournalFull, match="closed"):
            journal.append("s", [b"late"])
        assert other.tell() == 0
    assert (tmp_path / "other").read_bytes() == b""


def test_a_folder_that_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match=r"cannot be written.*WAYPOST_DATA_DIR"):
        small_journal(tmp_path / "file" / "journal")


def test_strange_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.journal").write_text("mine")
    journal = small_journal(tmp_path)
    journal.append("s", [b"x"])
    journal.close()
    assert (tmp_path / "notes.journal").read_text() == "mine"


def test_what_is_not_stored_yet_is_accounted_for_by_source_across_a_restart(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    journal.append("a", [b"1", b"2"], received_at=10)
    journal.append("b", [b"3"], received_at=20)
    journal.append("a", [b"4"], received_at=30)
    assert journal.in_flight() == {"a": (3, 10), "b": (1, 20)}
    journal.stored(1)
    assert journal.in_flight() == {"a": (1, 30), "b": (1, 20)}
    journal.close()
    again = small_journal(tmp_path)
    assert again.take_up(1) == 2
    assert again.in_flight() == {"a": (1, 30), "b": (1, 20)}
    again.append("b", [b"5"], received_at=40)
    assert again.in_flight()["b"] == (2, 20)
    again.stored(4)
    assert again.in_flight() == {}
    again.close()
