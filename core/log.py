"""Logging through structlog, and a limiter so that a flood of the same warning stays readable."""

import contextlib
import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog


def configure(level: str = "info", fmt: str = "text") -> None:
    """Set up structlog and the standard library's logging to write to standard error. Call once, at start."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, *([_printable] if fmt == "text" else []), structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=StandardError,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(numeric, logging.WARNING),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    # It warns whenever a tick outlasts its interval, which under load is how it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _printable(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what a terminal would obey: payloads of strangers are logged."""
    for name, value in fields.items():
        if isinstance(value, str) and not value.isprintable():
            fields[name] = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return fields


class StandardError:
    """What structlog writes lines with: to standard error as it is at that moment, and a line that cannot be written
    there (its reader is gone, it is closed) is given up. The work that logs must not end with the terminal."""

    def __init__(self, *_names: object) -> None:
        pass

    def msg(self, line: str) -> None:
        """Write one line, whole."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = msg


def get_logger(name: str) -> Any:
    """A logger bound to `name`."""
    return structlog.get_logger().bind(logger=name)


class RateLimitedLog:
    """Logs at most one line a key and interval; the next line of the key says how many were held back."""

    def __init__(self, log: Any, interval_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._interval = interval_s
        self._clock = clock
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def warning(self, key: str, event: str, count: int = 1, **fields: object) -> None:
        """Log `event` unless `key` was logged within the interval; `count` is how many it stands for."""
        now = self._clock()
        last = self._last.get(key)
        held = self._held.get(key, 0) + count
        if last is not None and now - last < self._interval:
            self._held[key] = held
            return
        self._last[key] = now
        self._held[key] = 0
        self._log.warning(event, count=held, **fields)
