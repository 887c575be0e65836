"""The command `publish`: plays a recording to an address, or sends its lines as they stand."""

import argparse

from core.errors import StartupError
from core.text import iso_utc
from core.types import from_micros
from core.units import METRES_PER_SECOND
from simulate.arguments import (
    Say,
    add_sending_arguments,
    is_span,
    not_negative,
    open_to,
    parse_span,
    positive,
    speaker,
)
from simulate.clock import Clock, stopped_by_signals
from simulate.pace import Pace
from simulate.parent import end_with_parent
from simulate.play import Options, play
from simulate.raw import LINES_PER_S, RawOptions, find_raw, has_timestamps, send_raw
from simulate.recording import Recording, find_recording, parse_time, read_recording, recordings
from simulate.timeline import KEPT_SILENCE_S, MAX_SPEED, Timeline
from simulate.transports.address import shown_url


def add_publish_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run_publish` needs to `parser`."""
    add = parser.add_argument
    add("file", metavar="FILE", help=f"a .ndjson or .ndjson.gz file, or one of: {', '.join(recordings())}")
    add_sending_arguments(parser)
    add("--speed", type=not_negative, default=1.0, help="times as fast as recorded (1); 0: as fast as it can be sent")
    add(
        "--interval",
        type=not_negative,
        default=1.0,
        metavar="S",
        help="seconds between two messages of a device (1), between fixes interpolated; 0: the recorded rows alone",
    )
    add(
        "--lead", metavar="SPAN", help="first send the SPAN before now at once, such as 24m, so that there is a history"
    )
    add("--start", metavar="MOMENT", help="begin there: ISO 8601, or an offset such as 90, 45m, 1h30m")
    add("--loop", action="store_true", help="begin anew at the end")
    add("--loop-from", metavar="MOMENT", help="begin anew at this moment instead of the beginning; implies --loop")
    add("--original-time", action="store_true", help="keep the recorded timestamps instead of shifting them to now")
    add("--speed-unit", choices=sorted(METRES_PER_SECOND), help="unit of the recorded speeds (m/s, or as known)")
    add(
        "--max-speed",
        type=not_negative,
        default=MAX_SPEED,
        metavar="M/S",
        help=f"faster jumps are not interpolated ({MAX_SPEED:g} m/s, or twice the speed recorded there)",
    )
    add("--kind", default="", help="kind to say of every device, such as bus")
    add("--fleet", default="", help="fleet to say of every device")
    add("--raw", action="store_true", help="send each line of the file as it stands, at the pace of its timestamps")
    add(
        "--rate-lines",
        type=positive,
        metavar="N",
        help=f"with --raw: N lines a second instead ({LINES_PER_S:g} where lines have no timestamps)",
    )
    add("--die-with-parent", type=int, metavar="PID", help=argparse.SUPPRESS)


def run_publish(args: argparse.Namespace, say: Say | None = None) -> int:
    """Play as `args` say until the end or a signal; return the exit code. Main thread only.

    `say` takes lines for people (None: standard error). Raises StartupError, in one line, when the file, a moment
    or the address cannot be used.
    """
    say = speaker(args, say)
    with stopped_by_signals() as clock:
        if args.die_with_parent is not None:
            end_with_parent(args.die_with_parent, clock.stop)
        return (_publish_raw if args.raw else _publish)(args, clock, say)


def _publish(args: argparse.Namespace, clock: Clock, say: Say) -> int:
    if args.rate_lines is not None:
        raise StartupError("--rate-lines is about lines as they stand. Add --raw.")
    recording = read_recording(find_recording(args.file), speed_unit=args.speed_unit)
    timeline = Timeline(recording.rows, max_speed=args.max_speed)
    options = _options(args, timeline)
    transport = open_to(args, say, lossless=not options.speed or options.lead > 0)
    try:
        for line in _introduction(recording, timeline, options, args.to):
            say(line)
        sent = play(timeline, transport, clock, options)
    finally:
        transport.close()
    say(f"Sent {sent} messages{_lost(transport.account()['lost'])}.")
    return 0


def _publish_raw(args: argparse.Namespace, clock: Clock, say: Say) -> int:
    for name in ("lead", "start", "loop_from", "original_time", "speed_unit", "kind", "fleet"):
        if getattr(args, name):
            raise StartupError(
                f"--{name.replace('_', '-')} changes messages, --raw sends lines as they stand. Leave one out."
            )
    if args.loop and not args.speed and args.rate_lines is None:
        raise StartupError("--raw --loop with --speed 0 would send without end as fast as it can. Add --rate-lines.")
    path = find_raw(args.file)
    options = RawOptions(
        speed=args.speed, lines_per_s=args.rate_lines, loop=args.loop, count=args.count, duration=args.duration
    )
    at = f"{args.rate_lines or LINES_PER_S:g} lines a second"
    if args.rate_lines is None and has_timestamps(path):
        at = f"{options.speed:g} times as fast as recorded" if options.speed else "as fast as they are taken"
    paced = options.speed > 0 or options.lines_per_s is not None
    transport = open_to(args, say, lossless=not paced)
    try:
        say(f"Sending the lines of {path.name}, {at}, to {shown_url(args.to)}.")
        sent = send_raw(path, transport, Pace(clock, duration=options.duration, paced=paced), options)
    finally:
        transport.close()
    say(f"Sent {sent} lines{_lost(transport.account()['lost'])}.")
    return 0


def _lost(lost: int) -> str:
    return f", of which {lost} are lost" if lost else ""


def parse_moment(text: str, timeline: Timeline) -> float:
    """The playing time, in s, of an ISO 8601 moment of the recording or an offset into its play (90, 45m, 1h30m).

    Raises StartupError when it is neither, or not within the recording.
    """
    if is_span(text):
        t = parse_span(text)
        if t <= timeline.length - KEPT_SILENCE_S:
            return t
        raise StartupError(f"{text} is past the end: the recording plays {_span(timeline.length)}.")
    try:
        micros = parse_time(text)
    except ValueError:
        raise StartupError(f"{text!r} is no moment. Write ISO 8601 (2015-03-07T17:00Z) or an offset (1h30m).") from None
    if not timeline.first_us <= micros <= timeline.last_us:
        first, last = (iso_utc(from_micros(us)) for us in (timeline.first_us, timeline.last_us))
        raise StartupError(f"{text} is outside the recording, which goes from {first} to {last}.")
    return timeline.playing_s(micros)


def _options(args: argparse.Namespace, timeline: Timeline) -> Options:
    loop_from = parse_moment(args.loop_from, timeline) if args.loop_from else 0.0 if args.loop else None
    if loop_from is not None:
        if args.speed == 0 and not args.original_time:
            raise StartupError("--loop with --speed 0 would soon be in the future. Add --original-time, or a speed.")
        if args.interval * (args.speed or 1.0) >= timeline.length - loop_from:
            raise StartupError("--interval is longer than what --loop would play. Choose a shorter interval.")
    start = parse_moment(args.start, timeline) if args.start else 0.0
    lead = parse_span(args.lead) if args.lead else 0.0
    if lead * args.speed > start:
        raise StartupError(f"--lead {args.lead} is more than the recording has before --start. Make it shorter.")
    return Options(
        speed=args.speed,
        interval=args.interval,
        lead=lead,
        start=start,
        loop_from=loop_from,
        original_time=args.original_time,
        kind=args.kind,
        fleet=args.fleet,
        count=args.count,
        duration=args.duration,
    )


def _introduction(recording: Recording, timeline: Timeline, options: Options, to: str) -> list[str]:
    devices = len({row.device for row in recording.rows})
    pace = f"{options.speed:g} times as fast as recorded"
    if not options.speed:
        pace = "as fast as it can be sent once someone subscribes"
    start = iso_utc(from_micros(timeline.recorded_us(options.start)))
    lines = [
        f"Playing {recording.name}: {devices} devices, {_span(timeline.length)} "
        f"({timeline.cuts} silences cut out), from {start}, {pace}, to {shown_url(to)}."
    ]
    if recording.skipped:
        lines.append(f"Lines of it that could not be used: {recording.skipped}; the first, {recording.first_fault}.")
    return lines


def _span(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"
