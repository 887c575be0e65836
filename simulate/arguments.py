"""What the commands' arguments have in common: where to send to, spans of time, shares."""

import argparse
import math
import os
import re
import sys
from collections.abc import Callable
from typing import Final

from core.errors import StartupError
from simulate.transports import Opening, Transport, open_transport
from simulate.transports.address import FORMS

Say = Callable[[str], None]

_SPAN: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)
_LARGEST_BATCH: Final = 10_000


def add_sending_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where to send to, when to end, and how to be quiet."""
    add = parser.add_argument
    add("--to", required=True, metavar="URL", help=f"where to: {', '.join(FORMS.values())}".replace("%", "%%"))
    add("--token", default="", help="the collector's token (http); better: WAYPOST_INGEST_TOKEN in the environment")
    add("--batch", type=whole, default=100, metavar="N", help="messages a request (http; 100)")
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--count", type=int, metavar="N", help="end after N messages")
    ends.add_argument("--duration", type=seconds, metavar="SPAN", help="end after a time such as 90, 45m or 1h30m")
    add("--quiet", action="store_true", help="say nothing but errors")


def open_to(args: argparse.Namespace, say: Say, *, lossless: bool) -> Transport:
    """The transport that `--to` names. Raises StartupError."""
    if args.batch > _LARGEST_BATCH:
        raise StartupError(f"--batch {args.batch} is too much for one request. Use at most {_LARGEST_BATCH}.")
    token = args.token or os.environ.get("WAYPOST_INGEST_TOKEN", "")
    return open_transport(args.to, Opening(lossless=lossless, token=token, batch=args.batch, notice=say))


def speaker(args: argparse.Namespace, say: Say | None) -> Say:
    """What says lines to people: `say`, standard error, or with --quiet nothing."""
    return _silent if args.quiet else say or _to_stderr


def is_span(text: str) -> bool:
    """Whether `text` is a span of time."""
    return bool(text) and _SPAN.fullmatch(text) is not None


def parse_span(text: str) -> float:
    """Seconds of a span such as 90, 45m or 1h30m. Raises StartupError when it is none."""
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        raise StartupError(f"{text!r} is no span of time. Write it as 90, 45m or 1h30m.")
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def seconds(text: str) -> float:
    """A span of time as an argument, in s."""
    try:
        return parse_span(text)
    except StartupError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def share(text: str) -> float:
    """A share as an argument, 0 to 1: written as 5% or 0.05."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share. Write it as 5%% or 0.05.")
    return number


def not_negative(text: str) -> float:
    """A number of 0 or more as an argument."""
    number = float(text)
    if not math.isfinite(number) or number < 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number of 0 or more")
    return number


def positive(text: str) -> float:
    """A number above 0 as an argument."""
    number = float(text)
    if not math.isfinite(number) or number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def whole(text: str) -> int:
    """A whole number above 0 as an argument."""
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return number


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _silent(_line: str) -> None:
    """Say nothing."""
