"""How well a device reports: what there is of it over a span, what is missing, and what came late or unusable."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import Connection, func, select, text

from core.reasons import WITHOUT_USE
from core.types import to_micros
from db.queries.rows import Span
from db.queries.track import Path
from db.queries.trips import Phase
from db.tables import quarantine

LATE_S: Final = 60.0
"""What is received so much after it was sent is late."""

_HOUR: Final = 3_600_000_000
_DUPLICATES: Final = """
SELECT (SELECT coalesce(sum(count), 0) FROM duplicate WHERE device_id = :device
        AND hour >= to_timestamp(:first / 1000000.0) AND hour < to_timestamp(:last / 1000000.0))::bigint
    + (SELECT coalesce(sum(n), 0) FROM duplicate_note, unnest(device_ids, hours, counts) AS a(d, h, n)
        WHERE d = :device AND h >= :first AND h < :last)::bigint
"""
"""Added up, and noted since."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Of `places` kept of `total` (None: not counted): `covered` is the share of the span, from 0 to 1, that is no gap.

    `gaps` counts the gaps between places, `longest_gap_s` the longest of them; `delay_s` is the median time on the way,
    `late` how many took longer than LATE_S (both None where there are no places; of the places kept). `duplicates`
    counts messages of any kind that came again, `quarantined` those of the span that are kept in the quarantine.
    """

    total: int | None
    places: int
    covered: float
    gaps: int
    longest_gap_s: float
    late: int | None
    delay_s: float | None
    duplicates: int
    quarantined: int


def quality_of(path: Path, phases: list[Phase], span: Span, *, duplicates: int, quarantined: int) -> Quality:
    """Told from a way and its phases; before its first place and after its last nothing is known either."""
    gaps = [phase.seconds for phase in phases if phase.kind == "gap"]
    known = sum(phase.seconds for phase in phases if phase.kind != "gap")
    length = (span.end - span.start).total_seconds()
    delays = path.delays_s
    some = len(delays) > 0
    return Quality(
        total=path.total,
        places=len(delays),
        covered=min(1.0, known / length) if length > 0 else 0.0,
        gaps=len(gaps),
        longest_gap_s=max(gaps, default=0.0),
        late=int(np.count_nonzero(delays > LATE_S)) if some else None,
        delay_s=max(0.0, float(np.median(delays))) if some else None,
        duplicates=duplicates,
        quarantined=quarantined,
    )


def count_duplicates(connection: Connection, device_id: int, span: Span) -> int:
    """How many messages of the device came again and changed nothing, in the hours that `span` touches."""
    first, last = to_micros(span.start) // _HOUR * _HOUR, to_micros(span.end)
    asked = {"device": device_id, "first": first, "last": last}
    count: int = connection.execute(text(_DUPLICATES), asked).scalar_one()
    return count


def count_quarantined(connection: Connection, device_name: str, span: Span) -> int:
    """How many messages of the device are kept in the quarantine that were received in `span` and needed a look.

    A message that could not be read far enough to know its device belongs to none.
    """
    t = quarantine.c
    received = (t.received_at >= span.start) & (t.received_at < span.end)
    query = select(func.count()).where(t.device == device_name, received, t.reason.not_in(sorted(WITHOUT_USE)))
    return connection.execute(query).scalar_one()
