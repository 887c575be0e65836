"""The command `replay`."""

import argparse
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tqdm import tqdm

from core import log
from core.errors import StartupError, StoreUnavailable
from core.settings import Settings
from core.text import iso_utc
from core.types import from_micros, to_micros
from db.database import conninfo, make_engine, parse_url, wait_until_ready
from db.engine import engine_of
from db.live import LiveWriter
from db.live_forward import LiveForward
from db.migrate import upgrade
from db.registry import Registry
from db.write import Writer
from ingest.mapping import Mapping
from ingest.replay.run import Replay, Window
from ingest.replay.servers import servers_for

INTERRUPTED: Final = 130


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run_replay` needs to `parser`."""
    add = parser.add_argument
    add("--from", dest="begin", required=True, type=_moment, metavar="T", help="received from then on: ISO 8601, UTC")
    add("--to", dest="end", type=_moment, metavar="T", help="received before then (now)")
    add("--source", metavar="NAME", help="of this source alone")


def run_replay(args: argparse.Namespace, settings: Settings) -> int:
    """Decode what was received in a window again, and store it; the exit code is 0, or 130 where it was interrupted.

    Raises StartupError where it cannot begin, or the database went away.
    """
    log.configure(settings.log_level, settings.log_format)
    window = Window(args.begin, args.end or time.time_ns() // 1000, args.source)
    if window.begin >= window.end:
        raise StartupError("--from must be before --to.")
    mapping = Mapping([] if settings.demo else settings.source_urls(), max_ahead_s=settings.max_ahead_s)
    with ExitStack() as stack:
        database_url, redis_url = stack.enter_context(servers_for(settings, _say))
        url = parse_url(database_url)
        engine = make_engine(url, pool_size=1)
        stack.callback(engine.dispose)
        wait_until_ready(engine)
        upgrade(engine)
        with engine.connect() as connection:
            writer = Writer(conninfo(url), engine_of(connection))
        stack.callback(writer.close)
        replay = Replay(
            mapping=mapping,
            writer=writer,
            registry=Registry(settings.max_devices, settings.max_metrics),
            live=None if redis_url is None else LiveForward(redis_url),
            announce=None if redis_url is None else LiveWriter(redis_url),
            batch_messages=settings.batch_messages,
            keep_days=settings.keep_raw_days,
        )
        try:
            return _run(replay, window, settings)
        except StoreUnavailable as error:
            raise StartupError(
                f"The database went away: {error}. What was replayed so far is stored; run it again for the rest."
            ) from None
        except KeyboardInterrupt:
            _say(f"Stopped after {replay.outcome.messages:,} messages, which are stored; run it again for the rest.")
            return INTERRUPTED


def _run(replay: Replay, window: Window, settings: Settings) -> int:
    from ingest.lake.place import Lake, lake_url  # noqa: PLC0415 - pyarrow would cost every start a hundred megabytes
    from ingest.replay.records import WindowRecords  # noqa: PLC0415

    lake = Lake(lake_url(settings))
    until = replay.start()
    try:
        records = WindowRecords(window, Path(settings.data_dir) / "journal", until, lake)
        replay.take_from_quarantine(window)
        with tqdm(total=records.size, unit="B", unit_scale=True, desc="Replaying", disable=None, leave=False) as bar:
            replay.store_again(records.read(bar.update), lambda so_far: bar.set_postfix(messages=so_far.messages))
    except OSError as error:
        raise StartupError(f"What was received cannot be read: {error}.") from None
    done = replay.outcome
    for damage in records.damage():
        _say(f"Skipped: {damage}.")
    span = f"received from {iso_utc(from_micros(window.begin))} to {iso_utc(from_micros(window.end))}"
    _say(f"{done.messages:,} messages {span}: {done.changed:,} were new or changed a row.")
    if done.refused:
        _say(f"{done.refused:,} cannot be used as their sources are read now.")
    if done.taken:
        _say(f"{done.taken:,} left the quarantine.")
    if done.live_problem is not None:
        _say(f"The live map was not told: {done.live_problem}")
    return 0


def _moment(text: str) -> int:
    """Microseconds since 1970 of ISO 8601, in UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment; write ISO 8601, such as 2026-11-22T17:00Z") from None
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
