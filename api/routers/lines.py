"""Several metrics of several devices over time, as the History page shows them together."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.limits import MAX_METRICS, MAX_POINTS
from api.lookup import find_device, find_metric
from api.parameters import TABLES, From, StoreParam, TableFormat, Text, To, window_of
from api.schemas_lines import LineOut, LinesOut
from api.units import scale_of
from db.queries import series
from db.queries.rows import Metric, Span
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_MOST_DEVICES: Final = 10
_COLUMNS: Final[dict[str, Kind]] = {
    "device_id": "text",
    "metric": "text",
    "unit": "text",
    "ts": "moment",
    "mean": "number",
    "min": "number",
    "max": "number",
    "n": "count",
}
_CSV: Final = (
    "device_id,metric,unit,ts,mean,min,max,n\r\nbus-8929,speed,m/s,2026-11-22T21:18:00.000Z,7.31,0.0,12.4,60\r\n"
)


@router.get("/lines", response_model=LinesOut, responses=described(csv=_CSV))
async def get_lines(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    device: Annotated[
        list[Text],
        Query(min_length=1, max_length=_MOST_DEVICES, description="device=a&device=b", examples=[["bus-8929"]]),
    ],
    metric: Annotated[
        list[Text], Query(min_length=1, max_length=MAX_METRICS, description="metric=a&metric=b", examples=[["speed"]])
    ],
    start: From = None,
    to: To = None,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="Most buckets a line")] = 300,
    before: Annotated[bool, Query(description="Also the same length of time before, to compare with")] = False,
    speed_unit: Annotated[str | None, Query(description="For metrics in m/s: km/h, mph or kn")] = None,
    length_unit: Annotated[str | None, Query(description="For metrics in m: ft, km or mi")] = None,
    asked: TableFormat = None,
) -> Response:
    """Each metric of each device in buckets of one length: what the History page draws; the last hour without `from`.

    A bucket without values is left out. `ts` is the start of a bucket: that of the first may lie before `from`.
    """
    window = window_of(start, to, _DEFAULT)
    names, wanted = tuple(dict.fromkeys(device)), tuple(dict.fromkeys(metric))
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        spans = [window.span]
        if before:
            spans.append(Span(window.span.start - (window.span.end - window.span.start), window.span.start))
        found = _lines(store, names, wanted, spans, points, {"m/s": speed_unit, "m": length_unit})
        if chosen == "json":
            return rendered(found)
        rows = ((line.device_id, line.metric, line.unit, *point) for line in found.lines for point in line.points)
        return file_answer(chosen, "history", _COLUMNS, rows, None)

    key = ("lines", names, wanted, window, points, before, speed_unit, length_unit, chosen)
    return await answers.respond(request, key, make)


def _lines(
    store: Store,
    names: tuple[str, ...],
    wanted: tuple[str, ...],
    spans: Sequence[Span],
    points: int,
    units: dict[str, str | None],
) -> LinesOut:
    with store.connect() as connection:
        metrics: list[Metric] = [find_metric(connection, name) for name in wanted]
        ids = {find_device(connection, name).id: name for name in names}
        scales = {metric.id: scale_of(metric, units.get(metric.unit or "")) for metric in metrics}
        found = [
            line for span in spans for line in series.many_series(connection, metrics, list(ids), span, points=points)
        ]
    return LinesOut(
        bucket_s=series.bucket_seconds(spans[0], points),
        lines=[
            LineOut(
                device_id=ids[line.device_id],
                metric=line.metric.name,
                unit=(scale := scales[line.metric.id]).unit,
                points=[(b.ts, scale(b.mean), scale(b.min), scale(b.max), b.n) for b in line.series.points],
            )
            for line in found
        ],
    )
