"""`python -m simulate publish|simulate ...`: the publishers as a process of their own, without the rest of Waypost."""

import argparse
import sys

from core.errors import StartupError
from simulate.cli import add_publish_arguments, run_publish
from simulate.cli_simulate import add_simulate_arguments, run_simulate


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 played, 2 could not start."""
    parser = argparse.ArgumentParser(prog="python -m simulate", description="Sends what devices say.")
    commands = parser.add_subparsers(dest="command", required=True)
    add_publish_arguments(commands.add_parser("publish", help="play a recording to an address"))
    add_simulate_arguments(commands.add_parser("simulate", help="invent a fleet that reports to an address"))
    args = parser.parse_args(argv)
    try:
        return run_simulate(args) if args.command == "simulate" else run_publish(args)
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
