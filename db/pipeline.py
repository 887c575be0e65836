"""How the pipeline stands, from everywhere that knows a part of it; what is away is said instead of raised."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.errors import StoreUnavailable
from db.queries.ledger import LOCAL, Account, Pipeline, join, list_accounts
from db.store import Store

NO_INGEST: Final = (
    "No process that ingests has reported within 10 s. Start one: python app.py, or python app.py ingest. The ledger"
    " is what was stored so far."
)
NO_DATABASE: Final = "The database does not answer, so the ledger is missing. What arrives waits in the journal."
NO_REDIS: Final = "Redis does not answer, so what other processes receive is not known. Storing goes on."


@dataclass(frozen=True, slots=True)
class Gap:
    """A part that does not answer, and what that means."""

    part: Literal["database", "redis", "ingest"]
    detail: str


async def read_pipeline(
    store: Store, local: Callable[[], dict[str, Any]] | None = None
) -> tuple[Pipeline, tuple[Gap, ...]]:
    """The pipeline as far as it is known, and what is not. `local` is what the ingest in this process says of itself:
    it is known without Redis. Never raises StoreUnavailable."""
    gaps: list[Gap] = []
    accounts: list[Account] | None = None
    try:
        accounts = await store.ask(list_accounts)
    except StoreUnavailable:
        gaps.append(Gap("database", NO_DATABASE))
    reports: dict[str, dict[str, Any]] | None = None
    try:
        reports = await store.live.read_reports()
    except StoreUnavailable:
        gaps.append(Gap("redis", NO_REDIS))
        reports = None if local is None else {LOCAL: local()}
    if reports == {}:
        gaps.append(Gap("ingest", NO_INGEST))
    return join(accounts, reports), tuple(gaps)
