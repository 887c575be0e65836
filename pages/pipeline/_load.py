"""What the Pipeline page asks, and what it works out from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import StoreUnavailable
from db.pipeline import Gap, read_pipeline
from db.queries.ledger import Pipeline
from db.queries.quarantine import Group, Kept, list_groups, list_kept
from db.store import Store

KEPT_AT_ONCE: Final = 20
KEPT_AT_MOST: Final = 200
_SAMPLES: Final = 7
"""Of what was received, at most: half a minute at the page's pace. A process says how much only once a second."""

History = list[tuple[float, dict[str, int]]]
"""(seconds, messages that reached each source) of the last answers, the oldest first."""


@dataclass(frozen=True, slots=True)
class View:
    """All of the page at one moment. `groups` is None while the database is away."""

    pipeline: Pipeline
    missing: tuple[Gap, ...]
    groups: tuple[Group, ...] | None
    rates: Mapping[str, float]

    def lacks(self, part: str) -> bool:
        """Whether a part does not answer."""
        return any(gap.part == part for gap in self.missing)

    def group(self, key: str) -> Group | None:
        """The group called `key`, where there is one."""
        return next((group for group in self.groups or () if key_of(group.source, group.reason) == key), None)


async def load(
    store: Store, local: Callable[[], dict[str, Any]] | None
) -> tuple[Pipeline, tuple[Gap, ...], tuple[Group, ...] | None]:
    """The pipeline, what is missing of it, and the groups of the quarantine. Never raises StoreUnavailable."""
    pipeline, missing = await read_pipeline(store, local)
    try:
        groups = tuple(await store.ask(list_groups))
    except StoreUnavailable:
        return pipeline, missing, None
    return pipeline, missing, groups


def load_kept(store: Store, key: str, limit: int) -> list[Kept]:
    """The newest messages of a group, and one more than `limit` where there are more. Raises StoreUnavailable."""
    source, reason = group_of(key)
    with store.connect() as connection:
        return list_kept(connection, source=source, reason=reason, limit=limit + 1)


def key_of(source: str, reason: str) -> str:
    """What a group is called in the address."""
    return f"{reason}|{source}"


def group_of(key: str) -> tuple[str, str]:
    """The source and the reason of a group; an address may say anything."""
    reason, _, source = key.replace("\0", "").partition("|")
    return source, reason


def longer(history: Sequence[Any] | None, now: float, pipeline: Pipeline) -> History:
    """The history with this answer: what a browser kept, without what is no history."""
    heard = {line.source: line.heard for line in pipeline.sources if line.heard is not None}
    kept = [(float(at), dict(counts)) for at, counts in history or ()]
    return [*((at, counts) for at, counts in kept if 0 < now - at < 120), (now, heard)][-_SAMPLES:]


def rates_of(history: History) -> dict[str, float]:
    """Messages a second of each source, from the oldest answer since which it only grew; a process that was started
    anew counts from 0."""
    if not history:
        return {}
    now, newest = history[-1]
    rates = {}
    for source, count in newest.items():
        since, least = now, count
        for at, counts in reversed(history[:-1]):
            if source not in counts or counts[source] > least:
                break
            since, least = at, counts[source]
        if now > since:
            rates[source] = (count - least) / (now - since)
    return rates
