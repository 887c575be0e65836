"""How one metric did over a span."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import documented
from api.lookup import find_device, find_metric
from api.parameters import FleetParam, From, MetricParam, OneDevice, StoreParam, To, one_of, window_of
from api.schemas import SummaryItemOut, SummaryOut
from db.queries import summary
from db.queries.rows import DeviceSummary, Metric, Span, Summary
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_MOST_ITEMS: Final = 100_000


@router.get("/summary", response_model=SummaryOut)
async def get_summary(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    metric: MetricParam,
    start: From = None,
    to: To = None,
    device: OneDevice = None,
    fleet: FleetParam = None,
    by: Annotated[Literal["device"] | None, Query(description="device adds one item a device")] = None,
) -> Response:
    """Count, mean, least, greatest and last of a metric; the last hour if `from` is left out."""
    one_of(device=device, fleet=fleet)
    window = window_of(start, to, _DEFAULT)

    def make() -> Answer:
        return rendered(_summary(store, metric, window.span, device, fleet, by_device=by is not None))

    return await answers.respond(request, ("summary", metric, window, device, fleet, by), make)


def _summary(
    store: Store, metric: str, span: Span, device: str | None, fleet: str | None, *, by_device: bool
) -> SummaryOut:
    items = None
    with store.connect() as connection:
        found = find_metric(connection, metric)
        one = None if device is None else find_device(connection, device)
        total = summary.fleet_summary(connection, found, span, fleet=fleet, device_id=None if one is None else one.id)
        if by_device and one is None:
            items = summary.summary_by_device(connection, found, span, fleet=fleet, limit=_MOST_ITEMS)
        elif by_device and one is not None:
            items = [DeviceSummary(one.name, total)] if total.n else []
    return _out(found, span, total, items)


def _out(metric: Metric, span: Span, total: Summary, items: list[DeviceSummary] | None) -> SummaryOut:
    return SummaryOut(
        metric=metric.name,
        unit=metric.unit,
        start=span.start,
        to=span.end,
        n=total.n,
        mean=total.mean,
        min=total.min,
        max=total.max,
        last=total.last,
        devices=total.devices,
        items=None if items is None else [_item(item.device, item.summary) for item in items],
    )


def _item(device: str, of: Summary) -> SummaryItemOut:
    return SummaryItemOut(device_id=device, n=of.n, mean=of.mean, min=of.min, max=of.max, last=of.last)
