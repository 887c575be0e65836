"""The command `lake` at work."""

import argparse
import shutil
import sys

from core.errors import StartupError
from core.settings import Settings
from ingest.lake.contents import holdings
from ingest.lake.place import Lake, lake_url, shown
from ingest.lake.query import Format, QueryFailed, query


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do as `args` say; the exit code is 0, or 1 for a question without an answer. Raises StartupError."""
    lake = Lake(lake_url(settings))
    try:
        if args.action == "list":
            _list(lake)
        else:
            width = shutil.get_terminal_size((120, 40)).columns
            chosen = Format(args.format or ("table" if args.out is None else "csv"))
            query(lake, args.sql, format=chosen, out=args.out, width=width)
    except QueryFailed as error:
        sys.stderr.write(f"waypost: {error}\n")
        return 1
    except OSError as error:
        raise StartupError(f"The lake at {shown(lake.url)} cannot be read: {error}.") from None
    return 0


def _list(lake: Lake) -> None:
    write = sys.stdout.write
    rows = size = 0
    for held in holdings(lake):
        if not rows and not size:
            write(f"{'day':<10}  {'parts':>6}  {'rows':>12}  {'bytes':>14}  source\n")
        note = f"  ({held.damaged} parts cannot be read)" if held.damaged else ""
        write(f"{held.day}  {held.parts:>6,}  {held.rows:>12,}  {held.bytes:>14,}  {held.source}{note}\n")
        rows, size = rows + held.rows, size + held.bytes
    write(f"{rows:,} rows in {size:,} bytes at {shown(lake.url)}\n")
