"""Runs every benchmark, or those named: python -m bench [NAME ...]."""

import argparse
import sys

from bench import commit, ingest, kafka, live, senders
from bench.report import write
from core import log

BENCHMARKS = {"ingest": ingest.run, "live": live.run, "senders": senders.run, "commit": commit.run, "kafka": kafka.run}


def main() -> int:
    """Run them and write bench/results/NAME.json and NAME.md."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all if left out")
    names = parser.parse_args().names or list(BENCHMARKS)
    log.configure("error")
    for name in names:
        print(f"{name} ...", flush=True)
        result = BENCHMARKS[name]()
        print(write(name, result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
