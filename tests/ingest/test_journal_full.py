"""The journal when there is no room: it says so, has written nothing, and goes on when there is room again."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import JournalFull
from ingest.journal import Journal
from tests.ingest.journals import KB, first_of, noise, read_all, segments, small_journal


def fill(journal: Journal) -> int:
    """Append until it is full; the number of the last record that it took."""
    number = journal.next_sequence
    while True:
        try:
            assert journal.append("s", [noise(number)]) == number
        except JournalFull:
            return number - 1
        number += 1


def test_a_full_journal_says_so_and_has_written_nothing(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, max_bytes=32 * KB)
    last = fill(journal)
    before = [path.read_bytes() for path in segments(tmp_path) if path.stat().st_size]
    for _ in range(3):
        with pytest.raises(JournalFull, match="WAYPOST_JOURNAL_MAX_MB"):
            journal.append("s", [noise(0)])
    assert [path.read_bytes() for path in segments(tmp_path) if path.stat().st_size] == before
    assert journal.size() == sum(map(len, before)) <= 32 * KB
    assert journal.next_sequence == last + 1
    assert [sequence for sequence, _ in read_all(journal)] == list(range(1, last + 1))
    journal.close()


def test_it_goes_on_when_enough_is_stored_and_deletes_only_what_is_stored(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, max_bytes=32 * KB)
    last = fill(journal)
    second = first_of(segments(tmp_path)[1])
    journal.stored(second - 2)  # one record short of the first segment
    with pytest.raises(JournalFull):
        journal.append("s", [noise(0)])
    journal.stored(second - 1)
    assert journal.append("s", [noise(last + 1)]) == last + 1
    assert first_of(segments(tmp_path)[0]) == second
    assert [sequence for sequence, _ in read_all(journal, second - 1)] == list(range(second, last + 2))
    journal.close()


@pytest.mark.parametrize("segment_kb", [4, 32, 64], ids=["many", "one", "more than all"])
def test_with_everything_stored_there_is_always_room(tmp_path: Path, segment_kb: int) -> None:
    journal = small_journal(tmp_path, segment_bytes=segment_kb * KB, max_bytes=32 * KB)
    for number in range(1, 120):
        assert journal.append("s", [noise(number)]) == number
        journal.stored(number)
        assert journal.size() <= 32 * KB
    journal.close()


def test_a_large_record_finds_room_where_all_before_it_is_stored(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, max_bytes=32 * KB)
    for number in range(1, 5):
        journal.append("s", [noise(number, 28 * KB)])
        journal.stored(number)
    with pytest.raises(JournalFull):
        journal.append("s", [noise(5, 33 * KB)])
    assert journal.append("s", [b"small"]) == 5
    journal.close()


def test_a_reader_that_looks_back_survives_the_deletion_of_what_it_was_to_read(tmp_path: Path) -> None:
    journal = small_journal(tmp_path, max_bytes=32 * KB)
    last = fill(journal)
    listed = dict(journal._segments)
    journal.stored(last)
    journal.append("s", [noise(last + 1, 20 * KB)])
    left = first_of(segments(tmp_path)[0])
    assert left > 1
    assert [r.sequence for r in journal._reader.read(listed, 0, 10_000)] == list(range(left, last + 1))
    journal.close()


def fail(*_args: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB, which goes with this process, however that ends: nothing but a file number holds it."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk; the test with a failing write covers the same code")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    held = os.open(disk, os.O_RDONLY)
    subprocess.run(["umount", "--lazy", disk], check=True)
    yield Path(f"/proc/self/fd/{held}")
    os.close(held)


def test_on_a_full_disk_nothing_is_lost_and_it_goes_on_when_there_is_room(tiny_disk: Path) -> None:
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(64 * KB))
    journal = small_journal(tiny_disk / "journal", segment_bytes=16 * KB, max_bytes=10 << 20)
    last = fill(journal)
    with pytest.raises(JournalFull, match="No space left"):
        journal.append("s", [noise(0)])
    assert [sequence for sequence, _ in read_all(journal)] == list(range(1, last + 1))
    ballast.unlink()
    further = fill(journal)
    assert further > last + 20
    assert read_all(journal) == [(n, [noise(n)]) for n in range(1, further + 1)]
    journal.close()
    (tiny_disk / "journal" / segments(tiny_disk / "journal")[0].name).unlink()
    journal = small_journal(tiny_disk / "journal", segment_bytes=16 * KB)
    assert journal.next_sequence == further + 1
    journal.close()


def test_a_write_that_fails_half_way_leaves_no_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = small_journal(tmp_path)
    journal.append("s", [noise(1)])
    (path,) = segments(tmp_path)
    before = path.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fail)
        with pytest.raises(JournalFull, match="No space left"):
            journal.append("s", [noise(2)])
    assert path.read_bytes() == before
    journal.close()


def test_a_record_may_be_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = small_journal(tmp_path)
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: pwrite(file, data[:7], at))
    for number in range(1, 4):
        journal.append("s", [noise(number)])
    journal.stored(3)
    assert read_all(journal) == [(n, [noise(n)]) for n in range(1, 4)]
    journal.close()


@pytest.mark.parametrize("call", ["pwrite", "fdatasync", "open", "fsync"])
def test_whatever_the_disk_refuses_is_journal_full_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    journal = small_journal(tmp_path)
    for number in range(1, 8):
        journal.append("s", [noise(number)])
    pwrite = os.pwrite

    def write_a_part(file: int, data: bytes, at: int) -> int:
        return pwrite(file, data[:100], at) if len(data) > 100 else fail()

    with monkeypatch.context() as broken:
        broken.setattr(os, call, write_a_part if call == "pwrite" else fail)
        broken.setattr(os, "ftruncate", fail)
        for _ in range(3):
            with pytest.raises(JournalFull, match="No space left"):
                journal.append("s", [noise(99, 3 * KB)])
    assert journal.append("s", [noise(8)]) == 8
    assert journal.append("s", [noise(9, 3 * KB)]) == 9
    journal.close()
    journal = small_journal(tmp_path)
    assert [payloads for _, payloads in read_all(journal)] == [*([noise(n)] for n in range(1, 9)), [noise(9, 3 * KB)]]
    journal.close()
