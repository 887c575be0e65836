"""Metrics and their summaries."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.errors import Problem, documented
from api.parameters import From, StoreParam, Text, To, span_of
from api.schemas import MetricOut, MetricsOut, SummaryItemOut, SummaryOut
from db.queries import metrics, summary

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))


@router.get("/metrics")
def list_metrics(store: StoreParam) -> MetricsOut:
    """The named series there are."""
    with store.connect() as connection:
        found = metrics.list_metrics(connection)
    return MetricsOut(metrics=[MetricOut(metric=m.name, unit=m.unit, label=m.label) for m in found])


@router.get("/summary", response_model_exclude_none=False)
def get_summary(
    store: StoreParam,
    metric: Annotated[Text, Query(description="A name from GET /api/v1/metrics")],
    start: From = None,
    to: To = None,
    fleet: Text | None = None,
    by: Annotated[Literal["device"] | None, Query(description="device adds one item a device")] = None,
) -> SummaryOut:
    """Count, mean, least, greatest and last of a metric; the last hour if `from` is left out."""
    span = span_of(start, to, timedelta(hours=1))
    with store.connect() as connection:
        found = metrics.get_metric(connection, metric)
        if found is None:
            raise Problem(404, f"no metric is called {metric!r}; GET /api/v1/metrics lists those there are")
        total = summary.fleet_summary(connection, found, span, fleet=fleet)
        each = summary.summary_by_device(connection, found, span, fleet=fleet, limit=100_000) if by else None
    items = None
    if each is not None:
        items = [
            SummaryItemOut(
                device_id=item.device,
                n=item.summary.n,
                mean=item.summary.mean,
                min=item.summary.min,
                max=item.summary.max,
                last=item.summary.last,
            )
            for item in each
        ]
    return SummaryOut(
        metric=found.name,
        unit=found.unit,
        start=span.start,
        to=span.end,
        n=total.n,
        mean=total.mean,
        min=total.min,
        max=total.max,
        last=total.last,
        devices=total.devices,
        items=items,
    )
