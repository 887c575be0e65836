"""Runs every benchmark, or those named: python -m bench [NAME ...] [--rows N] [--minutes N]."""

import argparse
import os
import sys
from collections.abc import Callable

from bench import (
    alerts,
    commit,
    events,
    ingest,
    kafka,
    live,
    live_fanout,
    live_soak,
    map_drawing,
    pages,
    queries,
    senders,
    size,
    spaces,
    write,
)
from bench.report import Result
from bench.report import write as report
from core import log

BENCHMARKS: dict[str, Callable[[], Result]] = {
    "ingest": ingest.run,
    "live": live.run,
    "map": map_drawing.run,
    "live-fanout": live_fanout.run,
    "senders": senders.run,
    "commit": commit.run,
    "kafka": kafka.run,
    "alerts": alerts.run,
}
SIZED: dict[str, tuple[Callable[[int], Result], int]] = {
    "write": (write.run, write.ROWS),
    "queries": (queries.run, queries.ROWS),
    "pages": (pages.run, pages.ROWS),
    "size": (size.run, size.ROWS),
    "spaces": (spaces.run, spaces.ROWS),
    "events": (events.run, events.ROWS),
}
"""Those that work on a number of rows, and on how many unless told otherwise."""

TIMED: dict[str, tuple[Callable[[int], Result], int]] = {"live-soak": (live_soak.run, live_soak.MINUTES)}
"""Those that run for a number of minutes, and how many unless told otherwise: not among all, only by name."""


def main() -> int:
    """Run them and write bench/results/NAME.json and NAME.md."""
    every = [*BENCHMARKS, *SIZED]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*every, *TIMED, []], help="which; all if left out")
    parser.add_argument("--rows", type=int, help=f"for a quick try of {', '.join(SIZED)}; printed, not written")
    parser.add_argument("--minutes", type=int, help=f"how long {', '.join(TIMED)} runs")
    arguments = parser.parse_args()
    log.configure("error")
    for name in arguments.names or every:
        print(f"{name} ...", flush=True)
        load = os.getloadavg()[0]
        if name in BENCHMARKS:
            print(report(name, BENCHMARKS[name](), load), flush=True)
            continue
        if name in TIMED:
            run, minutes = TIMED[name]
            print(report(name, run(arguments.minutes or minutes), load), flush=True)
            continue
        run, rows = SIZED[name]
        result = run(arguments.rows or rows)
        # A quick try must not pass for the result.
        print("\n".join(map(str, result.rows)) if arguments.rows else report(name, result, load), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
