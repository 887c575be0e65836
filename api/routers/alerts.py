"""Alerts: what rules have found, and that somebody has seen it."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParam
from sqlalchemy import Connection

from api.answers import Answer, AnswersParam, answer
from api.asking import AnalystParam
from api.errors import Problem, documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.parameters import TABLES, From, StoreParam, TableFormat, Text, To, span_of
from api.routers.spaces import called
from api.schemas_alerts import AcknowledgeIn, AlertOut, AlertsOut, WatchingOut
from core.alerts import Severity
from db import alert_rules
from db.queries import alerts
from db.queries.alert_json import alert_json, metric_of, metrics_of
from db.queries.alerts import Alert, Filter
from db.queries.cursor import Cursor

router = APIRouter(prefix="/api/v1", tags=["alerts"])

_LONGEST_SPAN: Final = timedelta(days=365 * 500)
_MOST_ID: Final = 2**63 - 1
_COLUMNS: Final[dict[str, Kind]] = {
    "id": "count",
    "rule": "text",
    "severity": "text",
    "subject_kind": "text",
    "subject": "text",
    "text": "text",
    "condition": "text",
    "since": "moment",
    "opened_at": "moment",
    "closed_at": "moment",
    "value": "number",
    "worst": "number",
    "unit": "text",
    "acked_at": "moment",
    "acked_by": "text",
    "ack_note": "text",
}
_CSV: Final = (
    "id,rule,severity,subject_kind,subject,text,condition,since,opened_at,closed_at,value,worst,unit,acked_at,acked_by,"
    "ack_note\r\n"
    "12,Too fast,critical,device,bus-8929,Speed 27.5 m/s (limit: more than 25 m/s),"
    '"{""kind"":""metric"",""metric"":""speed"",""op"":""above"",""limit"":25.0}",2026-11-22T21:19:03.000Z,'
    "2026-11-22T21:19:33.000Z,,27.5,31.2,m/s,,,\r\n"
)

AlertId = Annotated[int, PathParam(ge=1, le=_MOST_ID, description="`id` of an alert", examples=[12])]


@router.get("/alerts", response_model=AlertsOut, responses=documented(422, 503) | described(csv=_CSV))
async def get_alerts(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    state: Annotated[Literal["open", "closed", "all"], Query(description="How they stand now")] = "open",
    rule: Annotated[Text | None, Query(description="Only of the rule called so")] = None,
    subject: Annotated[Text | None, Query(description="Only about the device or space called so")] = None,
    severity: Annotated[Severity | None, Query(description="Only of this severity")] = None,
    start: From = None,
    to: To = None,
    limit: Annotated[int, Query(ge=1, le=alerts.MOST_LISTED, description="Alerts a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    asked: TableFormat = None,
) -> Response:
    """Alerts, the newest first, page by page: those that are open, or were at any time from `from` to `to`.

    `watching` says when was looked last: one who does not look finds nothing. A table says its `next` in the header
    X-Next.
    """
    window = _between(start, to)
    wanted = Filter(state=state, rule=rule, subject=subject, severity=severity, start=window[0], end=window[1])
    after = _behind(cursor)
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        with store.connect() as connection:
            page = alerts.list_alerts(connection, wanted, limit=limit, after=after)
            known = metrics_of(connection, (one.condition for one in page.items))
            watching = alerts.watching(connection)
        if chosen != "json":
            rows = (_row(one, alert_json(one, metric_of(one.condition, known))) for one in page.items)
            made = file_answer(chosen, "alerts", _COLUMNS, rows, None)
            more = {} if page.next is None else {"X-Next": str(page.next)}
            return Answer(made.body, made.media_type, {**made.headers, **more})
        items = [AlertOut.of(one, metric_of(one.condition, known)) for one in page.items]
        found = AlertsOut(items=items, next=page.next and str(page.next), watching=WatchingOut.of(watching))
        return answer(found.model_dump_json(by_alias=True, exclude_unset=True).encode(), "application/json")

    return await answers.respond(request, ("alerts", wanted, limit, after, chosen), make)


@router.get(
    "/alerts/{alert_id}",
    response_model=AlertOut,
    response_model_exclude_unset=True,
    responses=documented(404, 422, 503),
)
def get_alert(store: StoreParam, alert_id: AlertId) -> AlertOut:
    """One alert."""
    with store.connect() as connection:
        return _described(connection, alert_id)


@router.post(
    "/alerts/{alert_id}/acknowledge",
    response_model=AlertOut,
    response_model_exclude_unset=True,
    responses=documented(401, 403, 404, 422, 503),
)
def post_acknowledge(
    store: StoreParam, analyst: AnalystParam, alert_id: AlertId, seen: AcknowledgeIn | None = None
) -> AlertOut:
    """Say that somebody has seen it, and what is done about it. Only the first who says so counts. Needs an analyst."""
    note = (seen.note if seen is not None and seen.note is not None else "").strip() or None
    with store.connect() as connection, connection.begin():
        alert_rules.acknowledge(connection, alert_id, called(analyst), note)
        return _described(connection, alert_id)


def _described(connection: Connection, alert_id: int) -> AlertOut:
    found = alerts.get_alert(connection, alert_id)
    if found is None:
        raise Problem(404, f"There is no alert {alert_id}; GET /api/v1/alerts?state=all lists those there are.")
    return AlertOut.of(found, metric_of(found.condition, metrics_of(connection, [found.condition])))


def _between(start: datetime | None, to: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The moments asked for, in UTC. Raises Problem 422."""
    if start is None and to is None:
        return None, None
    span = span_of(start, to, _LONGEST_SPAN)
    return None if start is None else span.start, None if to is None else span.end


def _behind(cursor: str | None) -> Cursor | None:
    try:
        return None if cursor is None else Cursor.parse(cursor)
    except ValueError:
        raise Problem(422, "cursor is none that a page has given; send `next` of the page before, or none") from None


def _row(alert: Alert, told: dict[str, object]) -> list[object]:
    """A line of the table: moments as they are, the condition as JSON."""
    cells = told | {
        "condition": msgspec.json.encode(told["condition"]).decode(),
        **{name: getattr(alert, name) for name, kind in _COLUMNS.items() if kind == "moment"},
    }
    return [cells[name] for name in _COLUMNS]
