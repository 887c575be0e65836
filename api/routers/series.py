"""A metric over time."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.limits import MAX_DEVICES, MAX_POINTS, check_series
from api.lookup import find_device, find_metric
from api.parameters import TABLES, FleetParam, From, MetricParam, StoreParam, TableFormat, Text, To, one_of, window_of
from api.schemas import SeriesItemOut, SeriesOut
from api.units import UnitParam, scale_of
from db.queries import series
from db.queries.rows import Series, Span
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_COLUMNS: Final[dict[str, Kind]] = {
    "device_id": "text",
    "ts": "moment",
    "mean": "number",
    "min": "number",
    "max": "number",
    "n": "count",
}
_CSV: Final = "device_id,ts,mean,min,max,n\r\nbus-8929,2026-11-22T21:18:00.000Z,7.31,0.0,12.4,60\r\n"


@router.get("/series", response_model=SeriesOut, responses=described(csv=_CSV))
async def get_series(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    metric: MetricParam,
    start: From = None,
    to: To = None,
    device: Annotated[
        list[Text] | None,
        Query(max_length=MAX_DEVICES, description="A line for each; device=a&device=b for several. None: all together"),
    ] = None,
    fleet: FleetParam = None,
    points: Annotated[
        int, Query(ge=1, le=MAX_POINTS, description="Most buckets; their length is rounded up to one people count in")
    ] = 300,
    unit: UnitParam = None,
    asked: TableFormat = None,
) -> Response:
    """Mean, least, greatest and count of a metric in buckets of one length; the last hour if `from` is left out.

    A bucket without values is left out. `ts` is the start of a bucket: that of the first may lie before `from`.
    """
    names = tuple(dict.fromkeys(device or ()))
    one_of(device=names or None, fleet=fleet)
    window = window_of(start, to, _DEFAULT)
    check_series(window.span, points, of_fleet=not names)
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        found = _series(store, metric, window.span, names, fleet, points, unit)
        if chosen == "json":
            return rendered(found)
        rows = ((line.device_id, *point) for line in found.series for point in line.points)
        return file_answer(chosen, f"{metric}-series", _COLUMNS, rows, found.unit)

    return await answers.respond(request, ("series", metric, window, names, fleet, points, unit, chosen), make)


def _series(
    store: Store,
    metric: str,
    span: Span,
    names: tuple[str, ...],
    fleet: str | None,
    points: int,
    unit: str | None,
) -> SeriesOut:
    with store.connect() as connection:
        found = find_metric(connection, metric)
        scale = scale_of(found, unit)
        ids = [(name, find_device(connection, name).id) for name in names]
        many = series.many_series(connection, [found], [id_ for _, id_ in ids], span, points=points)
        lines: list[tuple[str | None, Series]] = [
            (name, line.series) for (name, _), line in zip(ids, many, strict=True)
        ]
        if not ids:
            lines.append((None, series.fleet_series(connection, found, span, points=points, fleet=fleet)))
    return SeriesOut(
        metric=found.name,
        unit=scale.unit,
        bucket_s=series.bucket_seconds(span, points),
        series=[
            SeriesItemOut(
                device_id=name, points=[(b.ts, scale(b.mean), scale(b.min), scale(b.max), b.n) for b in line.points]
            )
            for name, line in lines
        ],
    )
