"""What the API answers about the pipeline and the quarantine."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from db.pipeline import Gap
from db.queries.ledger import Forward, Job, Pipeline, Process, SourceLine
from db.queries.quarantine import Group, Kept

_UNTOLD = "The log says why."
"""What servers said names hosts and users: that is for admins."""


class SourceAccountOut(BaseModel):
    """A source: received = stored + duplicate + quarantined + in_flight, where all of these are known.

    null is what cannot be said now: the account while the database is away, the rest while no ingest is heard.
    """

    source: str
    received: int | None
    stored: int | None
    duplicate: int | None
    quarantined: int | None
    in_flight: int | None
    lag_s: float | None = Field(description="How long the oldest message in flight has waited")
    gaps: int | None = Field(description="Messages that senders numbered and that never came")
    dropped: int | None = Field(description="Lost here since the process started: no room in the journal")
    state: str | None = Field(description="receiving, silent, waiting, failed, connecting, or gone: no process has it")
    problem: str | None
    restarts: int | None
    last_at: Moment | None

    @classmethod
    def of(cls, line: SourceLine) -> Self:
        """A line of the pipeline."""
        a = line.account
        return cls(
            source=line.source,
            received=line.received,
            stored=a and a.stored,
            duplicate=a and a.duplicate,
            quarantined=a and a.quarantined,
            in_flight=line.in_flight,
            lag_s=None if line.lag_s is None else round(line.lag_s, 3),
            gaps=a and a.gaps,
            dropped=line.dropped,
            state=line.state,
            problem=line.problem,
            restarts=line.restarts,
            last_at=line.last_at,
        )


class JobOut(BaseModel):
    """A job of the scheduler, as it went last."""

    process: str
    job: str
    last_at: Moment | None
    took_s: float | None
    problem: str | None = Field(description="Admins are told what it was")

    @classmethod
    def of(cls, job: Job, *, full: bool) -> Self:
        """A job; `full`: with what servers said."""
        took = None if job.took_s is None else round(job.took_s, 3)
        return cls(
            process=job.process, job=job.name, last_at=job.last_at, took_s=took, problem=told(job.problem, full=full)
        )


class ForwardOut(BaseModel):
    """What a process passes on to the topic of WAYPOST_FORWARD."""

    sent: int = Field(description="Messages since the process started")
    behind: int = Field(description="Records that are stored and were not passed on yet")
    lost_records: int = Field(description="Records that the journal had to delete before they were passed on")
    problem: str | None

    @classmethod
    def of(cls, forward: Forward | None, *, full: bool) -> Self | None:
        """It, where there is any; `full`: with what brokers said."""
        if forward is None:
            return None
        problem = told(forward.problem, full=full)
        return cls(sent=forward.sent, behind=forward.behind, lost_records=forward.lost, problem=problem)


class ProcessOut(BaseModel):
    """A process that ingests."""

    process: str
    backlog: int | None
    journal_bytes: int | None
    disk_free: int | None
    last_commit_at: Moment | None
    database_problem: str | None
    redis_problem: str | None
    journal_damaged: int = Field(description="Bytes of the journal that were to be stored and could not be read")
    alerts_told: int = Field(description="Times that who is called of alerts took one, since the process started")
    alerts_given_up: int = Field(description="Those that it has not taken for a day")
    forward: ForwardOut | None = Field(description="null where WAYPOST_FORWARD is not set")

    @classmethod
    def of(cls, process: Process, *, full: bool) -> Self:
        """A process; `full`: with what servers said."""
        return cls(
            process=process.name,
            backlog=process.backlog,
            journal_bytes=process.journal_bytes,
            disk_free=process.disk_free,
            last_commit_at=process.last_commit_at,
            database_problem=told(process.database_problem, full=full),
            redis_problem=told(process.redis_problem, full=full),
            journal_damaged=process.journal_damaged,
            alerts_told=process.alerts_told,
            alerts_given_up=process.alerts_given_up,
            forward=ForwardOut.of(process.forward, full=full),
        )


class MissingOut(BaseModel):
    """A part that does not answer."""

    part: Literal["database", "redis", "ingest"]
    detail: str


class PipelineOut(BaseModel):
    """The ledger with what every process that ingests says of itself."""

    as_of: Moment
    sources: list[SourceAccountOut]
    backlog: int | None = Field(description="Records in journals that are not stored yet")
    journal_bytes: int | None
    journal_limit: int = Field(description="Bytes that the journal of a process may have (WAYPOST_JOURNAL_MAX_MB)")
    disk_free: int | None
    metrics_refused: int | None
    jobs: list[JobOut]
    processes: list[ProcessOut]
    missing: list[MissingOut] = Field(description="Parts that do not answer: what they know is null")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "as_of": "2026-11-22T21:19:03.500Z",
                    "sources": [
                        {
                            "source": "buses",
                            "received": 181204,
                            "stored": 181000,
                            "duplicate": 180,
                            "quarantined": 4,
                            "in_flight": 20,
                            "lag_s": 0.08,
                            "gaps": 0,
                            "dropped": 0,
                            "state": "receiving",
                            "problem": None,
                            "restarts": 0,
                            "last_at": "2026-11-22T21:19:03.410Z",
                        }
                    ],
                    "backlog": 2,
                    "journal_bytes": 1048576,
                    "journal_limit": 2147483648,
                    "disk_free": 52613349376,
                    "metrics_refused": 0,
                    "jobs": [
                        {
                            "process": "host:4242",
                            "job": "tick",
                            "last_at": "2026-11-22T21:19:03.400Z",
                            "took_s": 0.021,
                            "problem": None,
                        }
                    ],
                    "processes": [
                        {
                            "process": "host:4242",
                            "backlog": 2,
                            "journal_bytes": 1048576,
                            "disk_free": 52613349376,
                            "last_commit_at": "2026-11-22T21:19:03.380Z",
                            "database_problem": None,
                            "redis_problem": None,
                            "journal_damaged": 0,
                            "alerts_told": 3,
                            "alerts_given_up": 0,
                            "forward": {"sent": 181000, "behind": 0, "lost_records": 0, "problem": None},
                        }
                    ],
                    "missing": [],
                }
            ]
        }
    )


def pipeline_out(
    as_of: Moment, found: Pipeline, missing: tuple[Gap, ...], *, journal_limit: int, full: bool
) -> PipelineOut:
    """The answer; `full`: with what servers said."""
    return PipelineOut(
        as_of=as_of,
        sources=[SourceAccountOut.of(line) for line in found.sources],
        backlog=found.backlog,
        journal_bytes=found.journal_bytes,
        journal_limit=journal_limit,
        disk_free=found.disk_free,
        metrics_refused=found.metrics_refused,
        jobs=[JobOut.of(job, full=full) for job in found.jobs],
        processes=[ProcessOut.of(process, full=full) for process in found.processes or ()],
        missing=[MissingOut(part=gap.part, detail=gap.detail) for gap in missing],
    )


class KeptOut(BaseModel):
    """A message that could not be used; `payload` as text where it is UTF-8, else in hexadecimal."""

    id: int
    received_at: Moment
    source: str
    reason: str
    detail: str
    payload: str
    encoding: Literal["text", "hex"]
    again: bool = Field(description="It waits to be decoded again")
    device: str | None = Field(description="The device that sent it, where that could be read")

    @classmethod
    def of(cls, kept: Kept) -> Self:
        """A row of the quarantine."""
        return cls(
            id=kept.id,
            received_at=kept.received_at,
            source=kept.source,
            reason=kept.reason,
            detail=kept.detail,
            payload=kept.shown,
            encoding=kept.encoding,
            again=kept.again,
            device=kept.device,
        )


class QuarantineGroupOut(BaseModel):
    """What is kept of one source and reason."""

    source: str
    reason: str
    count: int = Field(description="Kept; the ledger counts those, too, that were not")
    first: Moment
    last: Moment
    again: int = Field(description="Of them wait to be decoded again")
    sample: KeptOut

    @classmethod
    def of(cls, group: Group) -> Self:
        """A group."""
        return cls(
            source=group.source,
            reason=group.reason,
            count=group.count,
            first=group.first,
            last=group.last,
            again=group.again,
            sample=KeptOut.of(group.newest),
        )


class QuarantineOut(BaseModel):
    """All groups, the one that grew last first."""

    total: int
    groups: list[QuarantineGroupOut]


class KeptPageOut(BaseModel):
    """Messages, newest first; send `next` as `cursor` for those before them."""

    items: list[KeptOut]
    next: str | None


class AgainIn(BaseModel):
    """Which group to decode again."""

    source: str
    reason: str

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"source": "buses", "reason": "no device"}]}
    )


class AgainOut(BaseModel):
    """How many messages are asked for; the ingest takes them up within a second."""

    asked: int


def told(problem: str | None, *, full: bool) -> str | None:
    """A problem, without what servers said where that is not for who asks."""
    return problem if problem is None or full else _UNTOLD
