"""The command `lake`: questions to it, and what it holds."""

import argparse
from pathlib import Path

from core.settings import Settings


def add_lake_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run_lake` needs to `parser`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    asking = actions.add_parser("query", help="ask in SQL; the view `messages` is the whole lake")
    asking.add_argument(
        "sql", metavar="SQL", help="one SELECT, such as: SELECT source, count(*) FROM messages GROUP BY 1"
    )
    asking.add_argument("--format", choices=["table", "csv", "json", "parquet"], help="a table, or csv with --out")
    asking.add_argument("--out", type=Path, metavar="FILE", help="write the answer there")
    actions.add_parser("list", help="list days and sources, with rows and bytes")


def run_lake(args: argparse.Namespace, settings: Settings) -> int:
    """Do as `args` say; the exit code is 0, or 1 for a question without an answer. Raises StartupError."""
    from ingest.lake import answer  # noqa: PLC0415 - DuckDB and pyarrow would cost every start a hundred megabytes

    return answer.run(args, settings)
