"""How one metric did over a span."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.lookup import find_device, find_metric
from api.parameters import (
    TABLES,
    FleetParam,
    From,
    MetricParam,
    OneDevice,
    StoreParam,
    TableFormat,
    To,
    one_of,
    window_of,
)
from api.schemas import SummaryGroupOut, SummaryItemOut, SummaryOut
from api.units import Scale, UnitParam, scale_of
from db.queries import summary
from db.queries.rows import DeviceSummary, Group, Metric, Span, Summary
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_MOST_ITEMS: Final = 100_000
_STATISTICS: Final[dict[str, Kind]] = {
    "n": "count",
    "mean": "number",
    "min": "number",
    "max": "number",
    "last": "number",
}
_OF_GROUP: Final[dict[str, Kind]] = {
    "registered": "count",
    "devices": "count",
    "n": "count",
    "mean": "number",
    "min": "number",
    "max": "number",
}
By = Literal["device", "fleet", "kind"] | None
_CSV: Final = "device_id,n,mean,min,max,last\r\nbus-8929,1204,9.4,0.0,22.1,8.2\r\n"


@router.get("/summary", response_model=SummaryOut, responses=described(csv=_CSV))
async def get_summary(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    metric: MetricParam,
    start: From = None,
    to: To = None,
    device: OneDevice = None,
    fleet: FleetParam = None,
    by: Annotated[
        Literal["device", "fleet", "kind"] | None,
        Query(description="device adds one item a device, fleet or kind one group a fleet or kind"),
    ] = None,
    unit: UnitParam = None,
    asked: TableFormat = None,
) -> Response:
    """Count, mean, least, greatest and last of a metric; the last hour if `from` is left out.

    As a table it has a row a device with `by=device`, a row a fleet or kind with those, else one row.
    """
    one_of(device=device, fleet=fleet)
    window = window_of(start, to, _DEFAULT)
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        found = _summary(store, metric, window.span, device, fleet, unit, by)
        if chosen == "json":
            return rendered(found)
        name = f"{metric}-summary"
        if found.groups is not None:
            grouped = ((g.name, g.registered, g.devices, g.n, g.mean, g.min, g.max) for g in found.groups)
            return file_answer(chosen, f"{name}-by-{by}", {str(by): "text", **_OF_GROUP}, grouped, found.unit)
        if found.items is None:
            row = (found.metric, found.n, found.mean, found.min, found.max, found.last, found.devices)
            columns: dict[str, Kind] = {"metric": "text", **_STATISTICS, "devices": "count"}
            return file_answer(chosen, name, columns, [row], found.unit)
        rows = ((one.device_id, one.n, one.mean, one.min, one.max, one.last) for one in found.items)
        return file_answer(chosen, f"{name}-by-device", {"device_id": "text", **_STATISTICS}, rows, found.unit)

    return await answers.respond(request, ("summary", metric, window, device, fleet, by, unit, chosen), make)


def _summary(
    store: Store, metric: str, span: Span, device: str | None, fleet: str | None, unit: str | None, by: By
) -> SummaryOut:
    items = groups = None
    with store.connect() as connection:
        found = find_metric(connection, metric)
        scale = scale_of(found, unit)
        one = None if device is None else find_device(connection, device)
        total = summary.fleet_summary(connection, found, span, fleet=fleet, device_id=None if one is None else one.id)
        if by in ("fleet", "kind"):
            one_of(device=device, by=by)
            groups = summary.summary_by_group(connection, found, span, fleet=fleet)[by]
        elif by is not None and one is None:
            items = summary.summary_by_device(connection, found, span, fleet=fleet, limit=_MOST_ITEMS)
        elif by is not None and one is not None:
            items = [DeviceSummary(one.name, total)] if total.n else []
    return _out(found, span, total, items, groups, scale)


def _out(
    metric: Metric,
    span: Span,
    total: Summary,
    items: list[DeviceSummary] | None,
    groups: list[Group] | None,
    scale: Scale,
) -> SummaryOut:
    return SummaryOut(
        metric=metric.name,
        unit=scale.unit,
        start=span.start,
        to=span.end,
        devices=total.devices,
        items=None if items is None else [_item(item, scale) for item in items],
        groups=None if groups is None else [_group(group, scale) for group in groups],
        **_statistics(total, scale),
    )


def _item(item: DeviceSummary, scale: Scale) -> SummaryItemOut:
    return SummaryItemOut(device_id=item.device, **_statistics(item.summary, scale))


def _group(group: Group, scale: Scale) -> SummaryGroupOut:
    of = group.summary
    least, greatest, mean = scale.maybe(of.min), scale.maybe(of.max), scale.maybe(of.mean)
    return SummaryGroupOut(
        name=group.name, registered=group.registered, devices=of.devices, n=of.n, mean=mean, min=least, max=greatest
    )


def _statistics(of: Summary, scale: Scale) -> dict[str, Any]:
    values = {"mean": of.mean, "min": of.min, "max": of.max, "last": of.last}
    return {"n": of.n} | {name: scale.maybe(value) for name, value in values.items()}
