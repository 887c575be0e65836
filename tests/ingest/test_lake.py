"""The lake: what the journal held is there, once, whatever was killed; nobody finds half a file."""

import json
import os
import signal
import time
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import StartupError
from ingest.journal import Record
from ingest.lake.archive import start_worker
from ingest.lake.layout import folder_of, parse_part, part_name
from ingest.lake.place import Lake
from ingest.lake.rows import Rows
from ingest.lake.task import Task
from ingest.lake.worker import perform
from ingest.mapping import Mapping
from tests.ingest.journals import noise
from tests.ingest.lakes import DAY, MIDNIGHT, Bay, Forked


@pytest.fixture
def bay(tmp_path: Path) -> Bay:
    """An empty journal with a lake."""
    return Bay(tmp_path / "data", ["zmq://127.0.0.1:1?source=mph&speed=mph"])


def test_what_was_received_is_found_by_day_and_source_with_what_was_made_of_it(bay: Bay) -> None:
    bay.put({"device_id": "a", "ts": 1790000000.5, "lat": 1.5, "lon": -2, "speed": 10, "fuel": 3, "label": "A"}, b"no")
    bay.put([{"device_id": "b", "heading": 90}, {"device_id": "c", "altitude": 7}], source="x/y 7")
    bay.put({"device_id": "m", "speed": 10}, source="mph", at=MIDNIGHT + DAY)
    bay.archived()
    assert list(bay.files()) == [
        "day=2026-11-23/source=test/part-00000000000000000001.parquet",
        "day=2026-11-23/source=x%2Fy%207/part-00000000000000000002.parquet",
        "day=2026-11-24/source=mph/part-00000000000000000003.parquet",
    ]
    one, two, three, four, five = bay.rows()
    assert one["payload"].startswith(b'{"device_id": "a"')
    assert (one["source"], one["outcome"], one["reason"], one["device_id"]) == ("test", "accepted", None, "a")
    assert one["ts"].timestamp() == 1790000000.5
    assert (one["lat"], one["lon"], one["speed"], one["heading"]) == (1.5, -2.0, 10.0, None)
    assert (one["values"], one["texts"]) == ([("fuel", 3.0)], [("label", "A")])
    assert (two["payload"], two["outcome"], two["reason"], two["ts"]) == (b"no", "quarantined", "not JSON", None)
    assert [(row["source"], row["device_id"], row["payload"] is None) for row in (three, four)] == [
        ("x/y 7", "b", False),
        ("x/y 7", "c", True),
    ]
    assert five["speed"] == pytest.approx(4.4704)
    assert five["received_at"].isoformat() == "2026-11-24T00:00:00+00:00"
    bay.close()


def test_a_segment_goes_to_the_lake_when_it_is_old_enough_and_stored(tmp_path: Path) -> None:
    bay = Bay(tmp_path, start=start_worker)  # a new Python, as Waypost starts it
    bay.put({"device_id": "a", "speed": 1})
    bay.archive.turn()
    assert bay.journal.closed_segments() == []
    bay.now += 3600
    bay.turn_until(lambda: bay.archive.archived == 1)
    bay.journal.append("test", [b"not stored"])
    bay.now += 3600
    bay.archive.turn()
    assert bay.archive.status() == {"archived": 1, "segments_waiting": 0, "never_archived": 0, "problem": None}
    bay.close()


def die_at_put(number: int) -> None:
    """From here on, this process is killed where it would bring its part `number` into place."""
    real, left = Lake.put, [number]

    def put(self: Lake, file: Path, path: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, file, path)

    Lake.put = put  # type: ignore[method-assign]  # in a process that is about to end


def test_killed_between_write_and_rename_it_leaves_nothing_and_is_done_again(bay: Bay, tmp_path: Path) -> None:
    for number in range(200):
        bay.put({"device_id": f"d{number % 7}", "speed": number}, at=MIDNIGHT + number)
    bay.put({"device_id": "a", "speed": 1}, source="other")
    bay.journal.close_segment()
    [segment] = bay.journal.closed_segments()
    task = Task(str(bay.folder), str(bay.directory), [], 300, str(segment.path), segment.size)
    before: dict[str, bytes] = {}
    for die_at in (1, 2):
        child = os.fork()
        if child == 0:  # the same code, killed as the kernel kills: at the rename of its first part, then of its second
            die_at_put(die_at)
            perform(task)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        readable = [path for path in bay.files() if path.startswith("day=")]
        assert len(readable) == die_at - 1
        assert sum(pq.read_metadata(bay.folder / path).num_rows for path in readable) in {0, 200}
        before |= {path: data for path, data in bay.files().items() if path in readable}
    bay.archived()
    after = bay.files()
    assert len(after) == 2, "nothing is left beside the parts"
    assert before.items() <= after.items(), "to do it again changes nothing"
    assert [row["sequence"] for row in bay.rows()] == list(range(1, 202))
    bay.close()


def test_stopped_in_the_middle_it_goes_on_after_the_next_start(bay: Bay) -> None:
    for number in range(5):
        bay.put(*({"device_id": f"d{n}", "speed": n} for n in range(2000)), at=MIDNIGHT + number)
        bay.journal.close_segment()
    bay.turn_until(lambda: bay.archive.archived >= 2)
    bay.archive.turn()
    reached = bay.archive.archived
    bay.close()
    bay.open()
    assert bay.journal.keeping.archived == bay.archive.archived == reached < 5
    bay.archived()
    assert len(bay.rows()) == 10_000
    bay.close()


def test_a_lake_that_cannot_be_written_is_said_and_written_later_while_intake_goes_on(bay: Bay) -> None:
    bay.put({"device_id": "a", "speed": 1})
    bay.journal.close_segment()
    bay.folder.parent.mkdir(exist_ok=True)
    bay.folder.write_text("in the way")
    end = time.monotonic() + 60
    while bay.archive.problem is None and time.monotonic() < end:
        bay.archive.turn()
        time.sleep(0.02)
    assert "NotADirectoryError" in str(bay.archive.problem) or "FileExistsError" in str(bay.archive.problem)
    assert bay.put({"device_id": "a", "speed": 2}) == 2
    bay.folder.unlink()
    bay.archive.turn()
    assert bay.archive.archived == 0, "not tried at once"
    bay.now += 60
    bay.archive.problem = None
    bay.archived()
    assert len(bay.rows()) == 2
    bay.close()


def test_damage_in_a_segment_is_left_out_and_the_rest_archived(bay: Bay) -> None:
    for number in range(1, 6):
        bay.put(noise(number))
    bay.journal.close_segment()
    [segment] = bay.journal.closed_segments()
    data = bytearray(segment.path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.path.write_bytes(data)
    done = perform(Task(str(bay.folder), str(bay.directory), [], 300, str(segment.path), segment.size))
    assert (done.rows, len(done.damaged)) == (4, 1)
    assert "checksum" in done.damaged[0]
    assert [row["sequence"] for row in bay.rows()] == [1, 2, 4, 5]
    bay.close()


def test_a_new_journal_that_counts_anew_replaces_nothing(bay: Bay, tmp_path: Path) -> None:
    bay.put({"device_id": "old", "speed": 1})
    bay.put({"device_id": "old", "speed": 2})
    bay.archived().close()
    for path in (bay.directory / "journal").iterdir():
        path.unlink()
    bay.stored = 0
    bay.open()
    bay.put({"device_id": "new", "speed": 1}, at=MIDNIGHT + 5)
    bay.archived()
    assert sorted(row["device_id"] for row in bay.rows()) == ["new", "old", "old"]
    bay.close()


def test_a_lake_at_another_place_gets_all_that_the_journal_still_has(bay: Bay, tmp_path: Path) -> None:
    bay.put({"device_id": "a", "speed": 1})
    bay.archived().close()
    bay.open(lake_url=str(tmp_path / "elsewhere"))
    bay.put({"device_id": "a", "speed": 2})
    bay.archived()
    assert len(bay.rows()) == 2
    assert bay.folder == tmp_path / "elsewhere"
    bay.close()


def test_without_a_lake_nothing_is_written_and_segments_are_not_kept_for_it(bay: Bay) -> None:
    bay.close()
    bay.open(lake=False)
    bay.put({"device_id": "a", "speed": 1})
    bay.journal.close_segment()
    bay.archive.turn()
    assert bay.archive.status() is None
    assert bay.journal.keeping.archived is None
    assert not bay.folder.exists()
    bay.close()


def test_days_older_than_are_kept_leave_the_lake(bay: Bay) -> None:
    now = time.time_ns() // 1000
    bay.put({"device_id": "old", "speed": 1}, at=now - 4 * DAY)
    bay.put({"device_id": "new", "speed": 1}, at=now - 2 * DAY)
    bay.archived().close()
    bay.open(keep_lake_days=3)
    bay.turn_until(lambda: len(list(bay.folder.glob("day=*"))) == 1)  # a folder goes after its files
    assert [row["device_id"] for row in bay.rows()] == ["new"]
    bay.close()


def test_stored_segments_stay_for_the_hours_set_and_until_they_are_in_the_lake(bay: Bay) -> None:
    bay.close()
    bay.open(keep_journal_hours=2)
    bay.put({"device_id": "a", "speed": 1})
    bay.archived()
    [segment] = bay.journal.closed_segments()
    os.utime(segment.path, (time.time() - 3600, time.time() - 3600))
    bay.archive.turn()
    assert segment.path.exists()
    os.utime(segment.path, (time.time() - 3 * 3600, time.time() - 3 * 3600))
    bay.archive.turn()
    assert not segment.path.exists()
    bay.close()


def test_an_object_store_gets_each_part_as_a_whole(bay: Bay, tmp_path: Path) -> None:
    """By fsspec's store in memory, within this process: what is not a folder takes the other way."""
    bay.put({"device_id": "a", "speed": 1}, at=time.time_ns() // 1000)
    bay.journal.close_segment()
    [segment] = bay.journal.closed_segments()
    task = Task("memory://bucket/lake", str(bay.directory), [], 300, str(segment.path), segment.size)
    assert perform(task).parts == 1
    assert perform(task).parts == 1
    store = fsspec.filesystem("memory")
    [path] = store.find("bucket/lake")
    with store.open(path) as file:
        assert pq.read_table(file).num_rows == 1
    assert [part.source for part in Lake("memory://bucket/lake").parts()] == ["test"]
    expire = Task("memory://bucket/lake", "", [], 300, keep_days=1)
    assert perform(expire).removed == 0
    store.mv(path, path.replace(path.partition("day=")[2][:10], "2026-11-23"))
    assert perform(expire).removed == 1
    assert store.find("bucket/lake") == []
    assert list((bay.directory / "lake-upload").rglob("*.parquet")) == []
    store.rm("bucket", recursive=True)
    bay.close()


def test_a_url_that_nothing_reaches_is_refused_with_what_to_do() -> None:
    with pytest.raises(StartupError, match=r"WAYPOST_LAKE_URL is s3://bucket/x, which cannot be reached: .*s3fs"):
        Lake("s3://key:secret@bucket/x")
    with pytest.raises(StartupError, match="correct the URL"):
        Lake("nosuch://bucket")


def test_every_part_of_a_message_in_parts_stays_and_the_message_stands_with_the_last() -> None:
    lines = [
        b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C",
        b"!AIVDM,2,2,1,A,88888888880,2*25",
    ]
    mapping = Mapping(["udp://127.0.0.1:1?source=ais&decode=ais"], max_ahead_s=300)
    rows = Rows()
    rows.add(Record(1, MIDNIGHT, "ais", lines), mapping.decoder("ais"))
    first, second = rows.take().to_pylist()
    assert (first["payload"], first["outcome"], first["device_id"]) == (lines[0], "nothing", None)
    assert (second["payload"], second["outcome"], second["device_id"]) == (lines[1], "accepted", "351759000")


names = st.text(min_size=1, max_size=200).filter(str.isprintable)


@given(names, st.integers(0, 2**62))
def test_any_name_of_a_source_makes_a_folder_that_is_found_again(source: str, first: int) -> None:
    day = parse_part("day=2026-11-23/source=a/part-1.parquet", 0)
    assert day is not None
    folder = folder_of(day.day, source)
    assert folder.count("/") == 1
    assert max(len(piece.encode()) for piece in folder.split("/")) <= 255
    part = parse_part(f"bucket/lake/{folder}/{part_name(first)}", 7)
    assert part is not None
    assert (part.day, part.first, part.size) == (day.day, first, 7)
    if len(source.encode()) < 60:
        assert part.source == source


@settings(max_examples=30)
@given(st.lists(st.lists(st.one_of(st.binary(max_size=40), st.just(b'[{"device_id":"a","speed":1},{}]')))))
def test_every_record_can_be_put_together_again_from_its_rows(records: list[list[bytes]]) -> None:
    mapping = Mapping([], max_ahead_s=300)
    rows = Rows()
    for number, payloads in enumerate(records):
        rows.add(Record(number, MIDNIGHT, "s", payloads), mapping.default)
    back: dict[int, list[bytes]] = {number: [] for number in range(len(records))}
    for row in rows.take().to_pylist():
        if row["payload"] is not None:
            back[row["sequence"]].append(row["payload"])
    assert list(back.values()) == records


def test_the_worker_says_why_it_failed(tmp_path: Path) -> None:
    task = json.dumps({"url": "nosuch://x", "data_dir": str(tmp_path), "sources": [], "max_ahead_s": 1})
    given, outcome = tmp_path / "task", tmp_path / "outcome"
    given.write_text(task)
    with given.open("rb") as reading, outcome.open("wb") as writing:
        assert Forked(reading, writing).wait() == 1
    assert "WAYPOST_LAKE_URL is nosuch://x" in json.loads(outcome.read_bytes())["problem"]
