"""The command `simulate`: an invented fleet, and the doors of an invented building, that report to an address."""

import argparse
from pathlib import Path

import msgspec

from core.errors import StartupError
from simulate.arguments import (
    Say,
    add_sending_arguments,
    not_negative,
    open_to,
    positive,
    seconds,
    share,
    speaker,
    whole,
)
from simulate.building import Building
from simulate.clock import stopped_by_signals
from simulate.faults import FaultRates, Faults
from simulate.fleet import Fleet
from simulate.invent import Invention, InventOptions, Report
from simulate.pace import Pace
from simulate.parent import end_with_parent
from simulate.transports.address import shown_url

AUSTIN = (30.2672, -97.7431)
MOST_DEVICES = 1_000_000
MOST_DOORS = 1_000


def add_simulate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run_simulate` needs to `parser`."""
    add = parser.add_argument
    add_sending_arguments(parser)
    add("--devices", type=whole, default=100, metavar="N", help="how many vehicles (100)")
    add("--rate", type=positive, default=1.0, metavar="N", help="messages a second a vehicle (1)")
    add(
        "--around",
        type=place,
        default=AUSTIN,
        metavar="LAT,LON",
        help="the middle of where they drive (Austin); --around=-33.9,18.4 in the south",
    )
    add("--radius", type=positive, default=10.0, metavar="KM", help="how far from there they stay (10)")
    add("--seed", type=int, default=1, metavar="N", help="the same seed gives the same fleet and faults (1)")
    add("--prefix", default="", metavar="TEXT", help="what all names begin with: for more than one fleet at a time")
    add("--events", action="store_true", help="vehicles say door_open when they stop and door_close when they go on")
    add("--doors", type=whole, metavar="N", help="a building too, with N doors whose sensors count people (none)")
    faults = parser.add_argument_group("faults, as shares of all messages such as 5%% or 0.05")
    add = faults.add_argument
    add("--duplicates", type=share, default=0.0, metavar="SHARE", help="sent twice")
    add("--out-of-order", type=share, default=0.0, metavar="SHARE", help="sent behind a newer one of its device")
    add("--late", type=share, default=0.0, metavar="SHARE", help="sent later by --late-by")
    add("--late-by", type=seconds, default=600.0, metavar="SPAN", help="how much later (10m)")
    add("--corrupt", type=share, default=0.0, metavar="SHARE", help="sent in a form that cannot be used")
    add("--drop", type=share, default=0.0, metavar="SHARE", help="not sent: a gap in seq")
    add("--clock-skew", type=not_negative, default=0.0, metavar="S", help="some clocks are up to S seconds off")
    add("--skewed", type=share, default=0.1, metavar="SHARE", help="devices with such a clock (10%%)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was sent to FILE, as JSON")
    parser.add_argument("--die-with-parent", type=int, metavar="PID", help=argparse.SUPPRESS)


def run_simulate(args: argparse.Namespace, say: Say | None = None) -> int:
    """Send as `args` say until the end or a signal; return the exit code. Main thread only.

    `say` takes lines for people (None: standard error). Raises StartupError, in one line, when an argument or the
    address cannot be used.
    """
    say = speaker(args, say)
    with stopped_by_signals() as clock:
        if args.die_with_parent is not None:
            end_with_parent(args.die_with_parent, clock.stop)
        fleet, faults, options, building = _fleet(args), _faults(args), _options(args), _building(args)
        if args.report is not None:
            _write(
                args.report, Report(devices=args.devices + (args.doors or 0))
            )  # now, not after hours, is when it should fail
        transport = open_to(args, say, lossless=True)
        pace = Pace(clock, duration=args.duration)
        invention = Invention(fleet, faults, transport, pace, options, seed=abs(args.seed), building=building)
        try:
            say(
                f"{args.devices} vehicles within {args.radius:g} km of {args.around[0]:g},{args.around[1]:g}:"
                f" {args.devices * args.rate:g} messages a second to {shown_url(args.to)}, seed {args.seed}."
            )
            if building is not None:
                say(f"People pass {args.doors} doors: place {building.doors[0]} and on at a space, and it is counted.")
            invention.run(say)
        finally:
            transport.close()
            report = invention.report
            report.transport = dict(transport.account())
            if args.report is not None:
                _write(args.report, report)
            for line in told(report):
                say(line)
    return 0


def place(text: str) -> tuple[float, float]:
    """LAT,LON in degrees as an argument."""
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no place. Write it as 48.14,11.58.") from None
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise argparse.ArgumentTypeError(f"{text!r} is not on earth: latitude first, then longitude, in degrees")
    return lat, lon


def told(report: Report) -> list[str]:
    """What was sent, for people."""
    pace = report.sent / report.seconds if report.seconds else 0.0
    faults = msgspec.to_builtins(report.faults)
    lines = [f"Sent {report.sent} messages of {report.devices} devices in {report.seconds:.1f} s, {pace:.0f} a second."]
    if any(faults.values()):
        lines.append("Faults: " + ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in faults.items() if n) + ".")
    if report.skewed:
        lines.append(f"Clocks off: {report.skewed_devices} devices, {report.skewed} messages.")
    if report.unsent:
        lines.append(f"Not sent, as it was stopped: {report.unsent}.")
    known = {name: n for name, n in report.transport.items() if n}
    if known:
        lines.append(
            "By the transport: " + ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in known.items()) + "."
        )
    return lines


def _fleet(args: argparse.Namespace) -> Fleet:
    if args.devices > MOST_DEVICES:
        raise StartupError(f"--devices {args.devices} is too many for one process. Use at most {MOST_DEVICES}.")
    if args.seed < 0:
        raise StartupError(f"--seed {args.seed} is below 0. Use 0 or more.")
    lat, lon = args.around
    try:
        return Fleet(args.devices, lat=lat, lon=lon, radius_m=args.radius * 1000, seed=args.seed, prefix=args.prefix)
    except ValueError as error:
        raise StartupError(f"--around and --radius cannot be used: {error}.") from None


def _building(args: argparse.Namespace) -> Building | None:
    if args.doors is None:
        return None
    if args.doors > MOST_DOORS:
        raise StartupError(f"--doors {args.doors} is too many for one building. Use at most {MOST_DOORS}.")
    return Building(args.doors, seed=args.seed, prefix=args.prefix)


def _faults(args: argparse.Namespace) -> Faults:
    rates = FaultRates(
        duplicates=args.duplicates,
        out_of_order=args.out_of_order,
        late=args.late,
        corrupt=args.corrupt,
        drop=args.drop,
        late_by=args.late_by,
    )
    try:
        return Faults(rates, seed=args.seed)
    except ValueError as error:
        raise StartupError(f"{str(error).capitalize()}. Ask for fewer.") from None


def _options(args: argparse.Namespace) -> InventOptions:
    if args.count is not None and args.count <= 0:
        raise StartupError(f"--count {args.count} would send nothing. Use 1 or more.")
    return InventOptions(
        rate=args.rate, count=args.count, clock_skew=args.clock_skew, skewed=args.skewed, events=args.events
    )


def _write(path: Path, report: Report) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}. Name another file with --report.") from None
