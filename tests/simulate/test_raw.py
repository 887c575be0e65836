"""Lines as they stand: the same bytes, at the pace of the timestamps in them."""

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StartupError
from simulate.pace import Pace
from simulate.raw import LINES_PER_S, RawOptions, has_timestamps, send_raw, stamp_of, timed
from tests.simulate.fakes import FakeClock, LineTransport

AIS = b"!AIVDM,1,1,,B,402=481uaUcf;OQ55JS9ITi025Jp,0*2B"
PGHP = b"$PGHP,1,2010,6,11,11,46,%d,%d,219,,2190068,1,22*2B"


def recorded(tmp_path: Path, *lines: bytes, name: str = "r.nmea") -> Path:
    path = tmp_path / name
    text = b"".join(line + b"\r\n" for line in lines)
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def sent(path: Path, **options: float | bool | None) -> list[tuple[float, bytes]]:
    clock = FakeClock(stop_at=1000 + 100_000)
    transport = LineTransport(clock)
    raw = RawOptions(**options)  # type: ignore[arg-type]
    pace = Pace(clock, duration=raw.duration, paced=raw.speed > 0 or raw.lines_per_s is not None)
    assert send_raw(path, transport, pace, raw) == len(transport.sent)
    return [(at - 1000, line) for at, line in transport.sent]


@pytest.mark.parametrize(
    "line, stamp",
    [
        (b'{"device_id":"a","ts":"2015-03-07T06:00:22Z"}', 1425708022.0),
        (b'{"id":"a","tst":1425708022.5}', 1425708022.5),
        (PGHP % (11, 390), 1276256771.39),
        (b"\\s:station,c:1276256771*2B\\" + AIS, 1276256771.0),
        (b"\\c:1276256771500*2B\\" + AIS, 1276256771.5),
        (AIS + b",r003669945,1276256771", 1276256771.0),
        (
            b"MSG,3,1,1,4CA2D6,1,2010/06/11,11:46:11.390,2010/06/11,11:46:11.400,,37000,,,51.4,-1.9,,,0,0,0,0",
            1276256771.39,
        ),
        (AIS, None),
        (b'{"ts":"soon"}', None),
        (b"{broken", None),
        (b"[1,2]", None),
        (b"$PGHP,1,2010,13,45,11,46,11,390,219,,2190068,1,22*2B", None),
        (b"", None),
    ],
)
def test_the_time_of_a_line(line: bytes, stamp: float | None) -> None:
    assert stamp_of(line) == (None if stamp is None else pytest.approx(stamp, abs=1e-6))


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_no_line_is_too_odd(line: bytes) -> None:
    stamp = stamp_of(line)
    assert stamp is None or stamp >= -62_135_596_800


def test_lines_go_as_they_stand_at_the_recorded_pace(tmp_path: Path) -> None:
    lines = [PGHP % (11, 0), AIS, PGHP % (12, 500), AIS, b"\xff odd", PGHP % (14, 0), AIS]
    got = sent(recorded(tmp_path, *lines))
    assert [line for _, line in got] == lines
    assert [at for at, _ in got] == pytest.approx([0, 0, 1.5, 1.5, 1.5, 3, 3], abs=0.03)
    assert [at for at, _ in sent(recorded(tmp_path, *lines), speed=10)] == pytest.approx(
        [0, 0, 0.15, 0.15, 0.15, 0.3, 0.3], abs=0.03
    )


def test_without_timestamps_or_when_asked_lines_go_at_a_rate(tmp_path: Path) -> None:
    path = recorded(tmp_path, *[AIS] * 21)
    assert not has_timestamps(path)
    assert sent(path)[-1][0] == pytest.approx(20 / LINES_PER_S, abs=0.03)
    assert sent(path, lines_per_s=100.0)[-1][0] == pytest.approx(0.2, abs=0.03)
    stamped = recorded(tmp_path, PGHP % (11, 0), PGHP % (59, 0), AIS)
    assert sent(stamped, lines_per_s=10.0)[-1][0] == pytest.approx(0.2, abs=0.03)
    assert sent(stamped, speed=0.0)[-1][0] == 0


def test_time_that_goes_back_does_not_hold_lines_up_and_a_long_silence_is_cut(tmp_path: Path) -> None:
    stamps = [100, 90, 95, 101, 5000, 5001]
    path = recorded(tmp_path, *[b'{"id":"a","ts":%d}' % (1_400_000_000 + stamp) for stamp in stamps])
    assert [at for at, _ in sent(path)] == pytest.approx([0, 0, 0, 1, 2, 3], abs=0.03)


def test_it_loops_and_ends_on_count_and_duration(tmp_path: Path) -> None:
    path = recorded(tmp_path, PGHP % (11, 0), PGHP % (12, 0), name="r.nmea.gz")
    got = sent(path, loop=True, duration=20.0)
    assert [at for at, _ in got] == pytest.approx([n * 1.0 for n in range(len(got))], abs=0.05)
    assert 19 <= len(got) <= 21
    assert len(sent(path, loop=True, count=7)) == 7
    assert sent(path, count=0) == []
    empty = recorded(tmp_path, b"", name="empty.nmea")
    assert sent(empty, loop=True) == []


def test_a_line_is_of_the_device_that_it_names_or_of_the_file(tmp_path: Path) -> None:
    path = recorded(tmp_path, b'{"vehicle_id":7,"ts":1400000000}', AIS, name="harbour.nmea.gz")
    assert [device for _, device, _ in timed(path, RawOptions())] == ["7", "harbour"]


def test_files_that_cannot_be_read_are_said_in_one_line(tmp_path: Path) -> None:
    damaged = tmp_path / "d.nmea.gz"
    damaged.write_bytes(gzip.compress(AIS * 1000)[:40])
    for path in (damaged, tmp_path):
        with pytest.raises(StartupError) as error:
            has_timestamps(path)
        assert "\n" not in str(error.value)


def test_due_times_never_go_back(tmp_path: Path) -> None:
    stamps = [5, 1, 9, 9, 400, 2, 800, 801]
    path = recorded(tmp_path, *[b'{"id":"a","ts":%d}' % (1_400_000_000 + stamp) for stamp in stamps])
    due = [after for after, _, _ in timed(path, RawOptions(speed=3.0))]
    assert all(a <= b for a, b in pairwise(due))
