"""A flood of one warning stays readable, and a stranger's payload cannot steer the terminal."""

import io
import json
import sys

import pytest

from core import log
from core.log import RateLimitedLog


class Lines:
    """Stands where the logger is and keeps what is logged."""

    def __init__(self) -> None:
        self.kept: list[dict[str, object]] = []

    def warning(self, event: str, **fields: object) -> None:
        self.kept.append({"event": event, **fields})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_line_is_logged_and_the_next_one_says_how_many_it_stands_for() -> None:
    lines, clock = Lines(), Clock()
    limited = RateLimitedLog(lines, interval_s=5, clock=clock)
    limited.warning("k", "bad", source="s")
    for _ in range(9):
        limited.warning("k", "bad", source="s")
    assert lines.kept == [{"event": "bad", "count": 1, "source": "s"}]
    clock.now += 5
    limited.warning("k", "bad", 3, source="t")
    assert lines.kept[1:] == [{"event": "bad", "count": 12, "source": "t"}]
    clock.now += 5
    limited.warning("k", "bad")
    assert lines.kept[2:] == [{"event": "bad", "count": 1}]


def test_keys_are_limited_apart() -> None:
    lines = Lines()
    limited = RateLimitedLog(lines, clock=Clock())
    limited.warning("a", "one")
    limited.warning("b", "two")
    assert [line["event"] for line in lines.kept] == ["one", "two"]


def test_text_escapes_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    log.get_logger("test").warning("odd", payload="a\x1b[2Jb", name="Zürich")
    written = capsys.readouterr().err
    assert "\x1b[2J" not in written
    assert "a\\x1b[2Jb" in written
    assert "Zürich" in written


def test_json_is_one_object_a_line_with_level_logger_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json")
    log.get_logger("test").warning("odd", payload="a\nb")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"], line["payload"]) == ("odd", "warning", "test", "a\nb")
    assert line["timestamp"].endswith("Z")


def test_below_the_level_nothing_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("warning", "json")
    log.get_logger("test").info("quiet")
    assert capsys.readouterr().err == ""


def test_a_log_whose_reader_is_gone_does_not_end_what_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    log.configure("info", "text")
    for gone in (ValueError("I/O operation on closed file."), BrokenPipeError(32, "Broken pipe")):

        class Gone(io.StringIO):
            def write(self, _text: str, why: Exception = gone) -> int:
                raise why

        monkeypatch.setattr(sys, "stderr", Gone())
        log.get_logger("test").warning("nobody reads this")


def test_lines_go_to_standard_error_as_it_is_when_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log.configure("info", "json")
    limited = RateLimitedLog(log.get_logger("test"))
    later = io.StringIO()
    monkeypatch.setattr(sys, "stderr", later)
    limited.warning("k", "after the first one was replaced")
    assert json.loads(later.getvalue())["event"] == "after the first one was replaced"
