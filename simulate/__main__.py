"""`python -m simulate publish ...`: the publisher as a process of its own, without the rest of Waypost."""

import argparse
import sys

from core.errors import StartupError
from simulate.cli import add_publish_arguments, run_publish


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 played, 2 could not start."""
    parser = argparse.ArgumentParser(prog="python -m simulate", description="Plays recordings of real devices.")
    commands = parser.add_subparsers(dest="command", required=True)
    add_publish_arguments(commands.add_parser("publish", help="play a recording to an address"))
    try:
        return run_publish(parser.parse_args(argv))
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
