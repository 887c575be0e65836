"""The account of every message received, by source, and how it joins what ingest processes say of themselves.

The ledger's `received` counts what was accounted for: what the journal holds and the database does not is `in_flight`,
which the processes know. All that was received is the sum of both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from db.tables import ledger

LOCAL: Final = "this process"
"""What a process is called that says how it is without Redis between."""
_STATES: Final = ("failed", "waiting", "receiving", "connecting", "silent")
"""From that which people must know first: a source may be received by several processes."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a source's messages; a row of the ledger."""

    source: str
    received: int
    stored: int
    duplicate: int
    quarantined: int
    gaps: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source: its account, and how it stands.

    None is what nobody can say at the moment: the account while the database is away, the rest while no process that
    ingests is heard. `heard` counts what reached the processes since they started, for rates. `lag_s` is how long the
    oldest message in flight has waited.
    """

    source: str
    account: Account | None = None
    state: str | None = None
    problem: str | None = None
    in_flight: int | None = None
    lag_s: float | None = None
    dropped: int | None = None
    heard: int | None = None
    restarts: int | None = None
    last_at: datetime | None = None

    @property
    def received(self) -> int | None:
        """All that was received: accounted for, or in flight."""
        return None if self.account is None else self.account.received + (self.in_flight or 0)

    @property
    def missing(self) -> int:
        """How many messages of the account are not accounted for; below zero where more are than were received."""
        a = self.account
        return 0 if a is None else a.received - a.stored - a.duplicate - a.quarantined


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a process's scheduler, as it went last."""

    process: str
    name: str
    last_at: datetime | None
    took_s: float | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Forward:
    """What a process passes on to a topic: messages `sent` since it started, records that are stored and still to be
    sent (`behind`), and records that the journal had to delete before they were (`lost`)."""

    sent: int
    behind: int
    lost: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Process:
    """A process that ingests. `alerts_told` and `alerts_given_up` count what who is called has taken, and what it has
    not for a day, since the process started."""

    name: str
    backlog: int | None
    journal_bytes: int | None
    disk_free: int | None
    last_commit_at: datetime | None
    database_problem: str | None
    redis_problem: str | None
    metrics_refused: int | None
    jobs: tuple[Job, ...]
    forward: Forward | None = None
    journal_damaged: int = 0
    alerts_told: int = 0
    alerts_given_up: int = 0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All of it. `processes` is None where Redis is away, empty where no process ingests."""

    sources: tuple[SourceLine, ...]
    processes: tuple[Process, ...] | None
    has_ledger: bool

    @property
    def backlog(self) -> int | None:
        """Records in journals that are not stored yet."""
        return self._sum("backlog")

    @property
    def journal_bytes(self) -> int | None:
        """Bytes of all journals on disk."""
        return self._sum("journal_bytes")

    @property
    def journal_damaged(self) -> int:
        """Bytes of journals that were to be stored and that their disks did not keep."""
        return sum(p.journal_damaged for p in self.processes or ())

    @property
    def metrics_refused(self) -> int | None:
        """Values left out because there are as many metrics as may be."""
        return self._sum("metrics_refused")

    @property
    def disk_free(self) -> int | None:
        """Bytes free where the fullest process keeps its journal."""
        return min((p.disk_free for p in self.processes or () if p.disk_free is not None), default=None)

    @property
    def last_commit_at(self) -> datetime | None:
        """When something was stored last."""
        return max((p.last_commit_at for p in self.processes or () if p.last_commit_at is not None), default=None)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of every process."""
        return tuple(job for process in self.processes or () for job in process.jobs)

    @property
    def forward(self) -> Forward | None:
        """What all processes pass on, and what is wrong with one of them; None where none does."""
        all_ = [p.forward for p in self.processes or () if p.forward is not None]
        if not all_:
            return None
        problem = next((one.problem for one in all_ if one.problem is not None), None)
        sent, behind, lost = (sum(getattr(one, name) for one in all_) for name in ("sent", "behind", "lost"))
        return Forward(sent, behind, lost, problem)

    def _sum(self, name: str) -> int | None:
        known = [value for p in self.processes or () if (value := getattr(p, name)) is not None]
        return sum(known) if known else None


def list_accounts(connection: Connection) -> list[Account]:
    """Every row of the ledger, by name."""
    t = ledger.c
    columns = (t.source, t.received, t.stored, t.duplicate, t.quarantined, t.gaps, t.updated_at)
    return [Account(*row) for row in connection.execute(select(*columns).order_by(t.source))]


def join(accounts: Sequence[Account] | None, reports: Mapping[str, Mapping[str, Any]] | None) -> Pipeline:
    """The ledger (None: the database is away) with what each process reported (None: Redis is away)."""
    by_source = {account.source: account for account in accounts or ()}
    said: dict[str, list[Mapping[str, Any]]] = {}
    for report in (reports or {}).values():
        for name, status in (report.get("sources") or {}).items():
            said.setdefault(name, []).append(status)
    heard = bool(reports)
    lines = [_line(name, by_source.get(name), said.get(name), heard) for name in sorted({*by_source, *said})]
    processes = None if reports is None else tuple(_process(name, said_) for name, said_ in sorted(reports.items()))
    return Pipeline(tuple(lines), processes, accounts is not None)


def _line(name: str, account: Account | None, said: Sequence[Mapping[str, Any]] | None, heard: bool) -> SourceLine:
    if not said:  # processes are there, and none receives from it: nothing of it can be in flight
        return SourceLine(name, account, "gone" if heard else None, in_flight=0 if heard else None)
    states = [_state(status) for status in said]
    state = next((one for one in _STATES if one in states), states[0])
    problem = next((status["problem"] for status in said if status.get("problem")), None)
    return SourceLine(
        name,
        account,
        state,
        problem,
        in_flight=_total(said, "in_flight"),
        lag_s=max((status["lag_s"] for status in said if status.get("lag_s") is not None), default=None),
        dropped=_total(said, "dropped"),
        heard=_total(said, "received"),
        restarts=_total(said, "restarts"),
        last_at=max((at for status in said if (at := _moment(status.get("last_at"))) is not None), default=None),
    )


def _state(status: Mapping[str, Any]) -> str:
    """What a source says of itself; one that does not notice silence is taken by when it was last heard."""
    state, receiving = status.get("state"), bool(status.get("receiving"))
    if state in {"failed", "waiting", "silent"}:
        return str(state)
    if receiving:
        return "receiving"
    return "connecting" if state == "connecting" and not status.get("received") else "silent"


def _process(name: str, said: Mapping[str, Any]) -> Process:
    jobs = [
        Job(name, job, _moment(last.get("last_at")), last.get("took_s"), last.get("problem"))
        for job, last in sorted((said.get("jobs") or {}).items())
    ]
    return Process(
        name,
        said.get("backlog"),
        said.get("journal_bytes"),
        said.get("disk_free"),
        _moment(said.get("last_commit_at")),
        said.get("database_problem"),
        said.get("redis_problem"),
        said.get("metrics_refused"),
        tuple(jobs),
        _forward(said.get("forward")),
        said.get("journal_damaged") or 0,
        said.get("alerts_told") or 0,
        said.get("alerts_given_up") or 0,
    )


def _forward(said: Mapping[str, Any] | None) -> Forward | None:
    if said is None:
        return None
    return Forward(said.get("sent", 0), said.get("behind", 0), said.get("lost_records", 0), said.get("problem"))


def _total(said: Iterable[Mapping[str, Any]], name: str) -> int | None:
    known = [status[name] for status in said if status.get(name) is not None]
    return sum(known) if known else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
