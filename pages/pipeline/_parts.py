"""The Pipeline page's tables: sources, ledger, quarantine, jobs. Pure functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import icon
from components.names import cut_name
from components.states import empty, skeleton
from core.reasons import WITHOUT_USE
from core.text import NO_VALUE
from db.pipeline import Gap
from db.queries.ledger import Account, Job, SourceLine
from db.queries.quarantine import Group
from pages.pipeline import _ids as ids
from pages.pipeline._load import View, key_of
from pages.pipeline._words import MEANINGS, STATES, count, duration, rate, when

SOURCE_COLUMNS: Final = ("Source", "State", "Messages a second", "Waits", "Gaps", "Dropped", "Last message")
LEDGER_COLUMNS: Final = ("Source", "Received", "Stored", "Duplicate", "Quarantined", "In flight", "Adds up")
GROUP_COLUMNS: Final = ("Reason", "Source", "Kept", "Last")
JOB_COLUMNS: Final = ("Job", "Last run", "Took", "Problem")
_SIGNS: Final = ("", "= ", "+ ", "+ ", "+ ")


_KEPT: Final = {
    "database": "The database does not answer: ledger and quarantine are the last picture. What arrives waits in the"
    " journal, and is stored once it answers.",
    "redis": "Redis does not answer: live updates are paused, and what other processes receive is not known. Storing"
    " goes on.",
}


def notices(missing: Sequence[Gap]) -> list[Component]:
    """What is missing on the page, and why."""
    return [
        html.Div(
            [icon("triangle-alert"), html.Span(_KEPT.get(gap.part, gap.detail))], className="wp-failed", role="status"
        )
        for gap in missing
    ]


def source_table(view: View, now: datetime) -> Component:
    """Every source and how it stands."""
    if not view.pipeline.sources:
        return empty(
            "No source has sent anything yet",
            "Name sources in WAYPOST_SOURCES, or post messages to /api/v1/ingest: docs/protocols.md says how.",
        )
    rows = [_source_row(line, view.rates.get(line.source), now) for line in view.pipeline.sources]
    return table(SOURCE_COLUMNS, rows)


def _source_row(line: SourceLine, per_second: float | None, now: datetime) -> Component:
    state = [
        html.Span(className="wp-state-mark", **aria(hidden="true")),
        html.Span(STATES[line.state], title=MEANINGS[line.state]),
    ]
    if line.restarts:
        state.append(html.Span(f"tried {count(line.restarts)} times", className="wp-measure"))
    told: list[Any] = [html.Div(state, className="wp-state", **data(state=line.state or "unknown"))]
    if line.problem:
        told.append(html.Div(line.problem, className="wp-state-problem"))
    return _row(
        SOURCE_COLUMNS,
        cut_name(line.source),
        told,
        rate(per_second),
        duration(line.lag_s) if line.in_flight else NO_VALUE,
        _worrying(None if line.account is None else line.account.gaps),
        _worrying(line.dropped),
        when(line.last_at, now),
    )


def ledger_table(view: View) -> Component:
    """The account of every source, as a sum that adds up, with a bar of its parts."""
    lines = [(line, line.account) for line in view.pipeline.sources if line.account is not None]
    if not lines:
        return empty("Nothing is in the ledger yet", "Every message that arrives is accounted for here.")
    rows = [_ledger_row(cut_name(line.source), account, line.in_flight, line.missing) for line, account in lines]
    if len(lines) > 1:
        rows.append(_total_row([line for line, _ in lines], [account for _, account in lines]))
    return table(LEDGER_COLUMNS, rows, "wp-ledger")


def _total_row(lines: Sequence[SourceLine], accounts: Sequence[Account]) -> Component:
    names = ("received", "stored", "duplicate", "quarantined", "gaps")
    sums = {name: sum(getattr(account, name) for account in accounts) for name in names}
    total = Account("all", updated_at=accounts[0].updated_at, **sums)
    flying = [line.in_flight for line in lines if line.in_flight is not None]
    missing = sum(line.missing for line in lines)
    return _ledger_row("All", total, sum(flying) if flying else None, missing, total=True)


def _ledger_row(name: Any, account: Account, in_flight: int | None, missing: int, *, total: bool = False) -> Component:
    parts = (account.stored, account.duplicate, account.quarantined, in_flight)
    numbers = (account.received + (in_flight or 0), *parts)
    cells = [
        [html.Span(sign, className="wp-sign", **aria(hidden="true")), count(n)]
        for sign, n in zip(_SIGNS, numbers, strict=True)
    ]
    head = html.Div([html.Div(name), account_bar(parts)])
    return _row(LEDGER_COLUMNS, head, *cells, _check(missing), marks=data(total="") if total else {})


def account_bar(parts: Sequence[int | None]) -> Component:
    """The parts of what was received, each as long as its share; none that is there is too thin to be seen."""
    shares = [part or 0 for part in parts]
    names = ("stored", "duplicate", "quarantined", "flying")
    return html.Div(
        [
            html.Span(className="wp-account-part", style={"flexGrow": share}, **data(part=name))
            for name, share in zip(names, shares, strict=True)
            if share
        ],
        className="wp-account",
        **aria(hidden="true"),
    )


def not_known(what: str) -> Component:
    """In place of what the database has never said to this page."""
    return empty(f"{what} is not known", "The database does not answer. It is shown once it does.", picture="search-x")


def account_key() -> Component:
    """What the colours of the bars mean."""
    names = (("stored", "stored"), ("duplicate", "duplicate"), ("quarantined", "quarantined"), ("flying", "in flight"))
    return html.Span(
        [
            html.Span([html.Span(className="wp-account-part", **data(part=part)), label], className="wp-legend-item")
            for part, label in names
        ],
        className="wp-legend",
    )


def _check(missing: int) -> Component:
    if missing == 0:
        return html.Span([icon("check"), "Yes"], className="wp-adds", title="Every message is accounted for")
    words = f"{count(missing)} unaccounted for" if missing > 0 else f"{count(-missing)} too many"
    return html.Span([icon("triangle-alert"), words], className="wp-adds wp-adds-not")


def group_table(groups: Sequence[Group], opened: str, now: datetime) -> Component:
    """The quarantine by reason and source; a click on a reason opens its messages. What needs a look comes first."""
    if not groups:
        return empty("The quarantine is empty", "Every message could be used.", picture="check")
    ordered = sorted(groups, key=is_without_use)
    return table(GROUP_COLUMNS, [_group_row(group, opened, now) for group in ordered], "wp-groups")


def is_without_use(group: Group) -> bool:
    """Whether its messages are in order, and hold nothing that Waypost keeps."""
    return group.reason in WITHOUT_USE


def groups_note(groups: Sequence[Group]) -> str:
    """How much is kept, and how much of it needs a look."""
    total = sum(group.count for group in groups)
    look = sum(group.count for group in groups if not is_without_use(group))
    if look == total:
        return f"{count(total)} kept"
    return f"{count(total)} kept, {count(look) if look else 'none'} of them to look into"


def _group_row(group: Group, opened: str, now: datetime) -> Component:
    key = key_of(group.source, group.reason)
    is_open = key == opened
    button = html.Button(
        group.reason,
        type="button",
        className="wp-link-button",
        **data(target=ids.GROUP, choose=key),
        **aria(expanded="true" if is_open else "false", controls=ids.PANEL),
    )
    head: Any = button
    if is_without_use(group):
        head = [button, html.Div("In order, with nothing to keep", className="wp-group-hint")]
    kept: list[Any] = [count(group.count)]
    if group.again:
        kept.append(html.Span(f"{count(group.again)} being decoded", className="wp-measure"))
    marks: dict[str, Any] = {"aria-selected": "true"} if is_open else {}
    return _row(GROUP_COLUMNS, head, cut_name(group.source, 24), kept, when(group.last, now), marks=marks)


def job_table(jobs: Sequence[Job], now: datetime, *, several: bool, full: bool) -> Component:
    """The jobs of the scheduler, as each went last; `full`: with what servers said."""
    if not jobs:
        return empty("No job has run", "The processes that ingest have them: python app.py ingest.")
    return table(JOB_COLUMNS, [_job_row(job, now, several=several, full=full) for job in jobs], "wp-jobs")


def _job_row(job: Job, now: datetime, *, several: bool, full: bool) -> Component:
    name: list[Any] = [job.name[:1].upper() + job.name[1:]]
    if several:
        name.append(html.Span(job.process, className="wp-measure"))
    problem: Any = html.Span("None", className="wp-flow-muted")
    if job.problem is not None:
        words = job.problem if full else "It failed and is tried again. The log says why, and admins see it here."
        problem = html.Span([icon("triangle-alert"), words], className="wp-adds wp-adds-not")
    return _row(JOB_COLUMNS, name, when(job.last_at, now), duration(job.took_s), problem)


def table(columns: Sequence[str], rows: Sequence[Component], class_name: str = "") -> Component:
    """A table whose rows become blocks on a phone; the roles stay what they are when they do."""
    head = html.Tr([html.Th(name, scope="col", role="columnheader") for name in columns], role="row")
    return html.Table(
        [html.Thead(head, role="rowgroup"), html.Tbody(list(rows), role="rowgroup")],
        className=f"wp-table wp-blocks {class_name}".strip(),
        role="table",
    )


def table_skeleton(columns: Sequence[str], rows: int) -> Component:
    """A table before it is known: the same head, grey lines below."""
    return table(columns, [_row(columns, *(skeleton("64px", "12px") for _ in columns)) for _ in range(rows)])


def _row(columns: Sequence[str], head: Any, *cells: Any, marks: dict[str, Any] | None = None) -> Component:
    first = html.Th(head, scope="row", role="rowheader")
    others = [html.Td(cell, role="cell", **data(label=name)) for name, cell in zip(columns[1:], cells, strict=True)]
    return html.Tr([first, *others], role="row", **(marks or {}))


def _worrying(n: int | None) -> Component | str:
    """A count that should be 0."""
    return html.Span(count(n), className="wp-worry") if n else count(n)
