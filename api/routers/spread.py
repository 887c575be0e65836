"""How the values of a metric are spread: over their range, and over the hours of the week."""

from datetime import UTC, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import Problem, documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.lookup import find_metric
from api.parameters import TABLES, FleetParam, From, MetricParam, StoreParam, TableFormat, To, window_of
from api.schemas import BinOut, DistributionOut, HourOut, HoursOut
from api.units import Scale, UnitParam, scale_of
from core.period import zone_of
from db.queries import distribution, summary
from db.queries.rows import Distribution, Hour

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_BINS: Final[dict[str, Kind]] = {"low": "number", "high": "number", "n": "count"}
_HOURS: Final[dict[str, Kind]] = {
    "weekday": "count",
    "hour": "count",
    "n": "count",
    "mean": "number",
    "min": "number",
    "max": "number",
}


@router.get("/distribution", response_model=DistributionOut, responses=described(csv="low,high,n\r\n0.0,0.5,3\r\n"))
async def get_distribution(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    metric: MetricParam,
    start: From = None,
    to: To = None,
    fleet: FleetParam = None,
    bins: Annotated[int, Query(ge=2, le=100, description="Most bins; their edges are round")] = 40,
    unit: UnitParam = None,
    asked: TableFormat = None,
) -> Response:
    """How often the values of a metric fall into bins; the last hour if `from` is left out."""
    window = window_of(start, to, _DEFAULT)
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        with store.connect() as connection:
            known = find_metric(connection, metric)
            scale = scale_of(known, unit)
            total = summary.fleet_summary(connection, known, window.span, fleet=fleet)
            found = distribution.distribution(
                connection, known, window.span, total, bins=bins, factor=scale(1.0), fleet=fleet
            ) or Distribution((), (), "values", 0, 0)
        edges = [scale(edge) for edge in found.edges]
        rows = list(zip(edges, edges[1:], found.counts, strict=False))
        if chosen != "json":
            return file_answer(chosen, f"{metric}-distribution", _BINS, rows, scale.unit)
        made = [BinOut(low=low, high=high, n=n) for low, high, n in rows]
        said = DistributionOut(
            metric=known.name, unit=scale.unit, of=found.of, n=found.n, devices=found.devices, bins=made
        )
        return rendered(said)

    return await answers.respond(request, ("distribution", metric, window, fleet, bins, unit, chosen), make)


@router.get("/hours", response_model=HoursOut, responses=described(csv="weekday,hour,n,mean,min,max\r\n"))
async def get_hours(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    metric: MetricParam,
    start: From = None,
    to: To = None,
    fleet: FleetParam = None,
    zone: Annotated[str, Query(description="A name of the time zone database", examples=["Europe/Berlin"])] = "UTC",
    unit: UnitParam = None,
    asked: TableFormat = None,
) -> Response:
    """Statistics of a metric by hour and day of the week; the last hour if `from` is left out."""
    window = window_of(start, to, _DEFAULT)
    chosen = choose(request, asked, TABLES)
    if zone != "UTC" and zone_of(zone) is UTC:
        raise Problem(422, "zone is none that is known; send a name as Europe/Berlin, or UTC")

    def make() -> Answer:
        with store.connect() as connection:
            known = find_metric(connection, metric)
            scale = scale_of(known, unit)
            found = distribution.hours_of_week(connection, known, window.span, zone, fleet=fleet)
        rows = [_hour(hour, scale) for hour in found]
        if chosen != "json":
            cells = [(r.weekday, r.hour, r.n, r.mean, r.min, r.max) for r in rows]
            return file_answer(chosen, f"{metric}-hours", _HOURS, cells, scale.unit)
        return rendered(HoursOut(metric=known.name, unit=scale.unit, zone=zone, hours=rows))

    return await answers.respond(request, ("hours", metric, window, fleet, zone, unit, chosen), make)


def _hour(hour: Hour, scale: Scale) -> HourOut:
    return HourOut(
        weekday=hour.weekday,
        hour=hour.hour,
        n=hour.n,
        mean=scale(hour.mean),
        min=scale(hour.min),
        max=scale(hour.max),
    )
