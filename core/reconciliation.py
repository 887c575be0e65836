"""The history of a space made from sums of what passed: which stretches to make anew, and what they are then. Pure.

`core/occupancy.py` says what a stretch, its drift and its error band are. A **checkpoint** says what the raw sum was
just before its moment; between two of them nothing passed, or what passed is asked for from the raw crossings.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from core.occupancy import Anchor, Stretch, settled

BUCKET_US: Final = 300_000_000
"""Checkpoints stand at ends of buckets of five minutes."""

Bounds = tuple[Anchor | None, Anchor | None]
"""The anchors around a stretch: the first may begin without one, the last has no end."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The raw sum and passages since the stretch began, the reconciled count and its band, just before `ts`."""

    ts: int
    raw: int
    passages: int
    count: int | None
    low: int | None
    high: int | None


class Mark(NamedTuple):
    """From `first` to `last` the history is wrong, and why."""

    first: int
    last: int
    why: str


class Sum(NamedTuple):
    """What passed in a bucket: in which of the chosen stretches, since when, signed, and how many."""

    place: int
    bucket: int
    change: int
    passages: int


class Before(NamedTuple):
    """What the stretch before leaves behind: the variance of one passage, and whether nothing has happened in it."""

    variance: float
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """What a space's history stands on: its known counts up to `until`, and since when anything is known."""

    space_id: int
    spans: tuple[Bounds, ...]
    starts: tuple[int, ...]
    known_from: int
    until: int

    @classmethod
    def of(cls, space_id: int, anchors: Sequence[Anchor], known_from: int, until: int) -> "Ground":
        """`anchors` in order, none of them behind `until`, and at most one before `known_from`."""
        bounds: list[Anchor | None] = [*anchors, None]
        if not anchors or anchors[0].ts > known_from:
            bounds.insert(0, None)
        spans = tuple(pairwise(bounds))
        starts = tuple(known_from if start is None else start.ts for start, _ in spans)
        return cls(space_id, spans, starts, known_from, until)

    def end(self, place: int) -> int:
        """Where a stretch ends; the last one ends where we are."""
        end = self.spans[place][1]
        return self.until if end is None else end.ts


@dataclass(frozen=True, slots=True)
class Run:
    """Stretches to be made anew together: their places among all, the first moment that is wrong, and why."""

    places: range
    dirty: int
    why: tuple[str, ...]


def affected(ground: Ground, marks: Sequence[Mark]) -> list[Run]:
    """The runs of stretches that marks touch.

    With each goes the one behind it: it may begin with a checkpoint of its own now, and one without an end leans on
    the stretch before for its band.
    """
    last = len(ground.starts) - 1
    touched: dict[int, tuple[int, frozenset[str]]] = {}
    for mark in marks:
        low = max(0, bisect_right(ground.starts, mark.first) - 1)
        high = max(low, bisect_right(ground.starts, mark.last) - 1)
        for place in range(low, min(high + 1, last) + 1):
            first, why = touched.get(place, (mark.first, frozenset()))
            touched[place] = (min(first, mark.first), why | {mark.why})
    runs: list[list[int]] = []
    for place in sorted(touched):
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [
        Run(
            range(run[0], run[-1] + 1),
            min(touched[place][0] for place in run),
            tuple(sorted(frozenset[str]().union(*(touched[place][1] for place in run)))),
        )
        for run in runs
    ]


def made_anew(
    ground: Ground, places: range, kept: Sequence[Checkpoint], sums: Sequence[Sum], before: Before
) -> tuple[list[Checkpoint], list[Stretch]]:
    """The checkpoints of these stretches, and the stretches that are worth keeping.

    `kept` are checkpoints of the first one that are right already, in order; `sums`, in order of place and bucket, are
    what passed since the last of them.
    """
    by_place: dict[int, list[Sum]] = {}
    for one in sums:
        by_place.setdefault(one.place, []).append(one)
    checkpoints: list[Checkpoint] = []
    stretches: list[Stretch] = []
    for place, at in enumerate(places):
        start, end = ground.spans[at]
        begin, base = ground.starts[at], 0 if start is None else start.count
        points = [(row.ts, row.raw, row.passages) for row in kept] if place == 0 else []
        is_whole = not points
        _, raw, passages = points[-1] if points else (begin, base, 0)
        for one in by_place.get(place, ()):
            raw, passages = raw + one.change, passages + one.passages
            ts = one.bucket + BUCKET_US
            if ts < ground.end(at) or (end is None and ts == ground.until):
                points.append((ts, raw, passages))
        made = settled(Anchor(begin, base, None), end, raw, passages, before.variance)
        if not (made.is_plain and before.is_plain):
            if is_whole:
                points.insert(0, (begin, base, 0))
            checkpoints += [Checkpoint(ts, r, n, made.count(r, n, ts), *made.band(r, n, ts)) for ts, r, n in points]
        if not made.is_plain:
            stretches.append(made)
        before = Before(made.variance if end is not None else before.variance, made.is_plain)
    return checkpoints, stretches
