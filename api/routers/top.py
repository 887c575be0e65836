"""Who is highest, or lowest."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.limits import MAX_RANKED
from api.lookup import find_metric
from api.parameters import TABLES, FleetParam, From, MetricParam, StoreParam, TableFormat, To, window_of
from api.schemas import TopItemOut, TopOut
from api.units import Scale, UnitParam, scale_of
from db.queries import top
from db.queries.movement import hours_behind
from db.queries.top import Statistic

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_COLUMNS: Final[dict[str, Kind]] = {"rank": "count", "device_id": "text", "value": "number", "n": "count"}
_CSV: Final = "rank,device_id,value,n\r\n1,bus-8929,22.1,1204\r\n"


@router.get("/top", response_model=TopOut, responses=described(csv=_CSV))
async def get_top(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    metric: MetricParam,
    start: From = None,
    to: To = None,
    fleet: FleetParam = None,
    stat: Annotated[Statistic, Query(description="What the devices are ranked by")] = "max",
    n: Annotated[int, Query(ge=1, le=MAX_RANKED, description="How many devices")] = 10,
    order: Annotated[Literal["desc", "asc"], Query(description="desc: the highest first; asc: the lowest")] = "desc",
    unit: UnitParam = None,
    asked: TableFormat = None,
) -> Response:
    """Devices ranked by a statistic of a metric over the last hour, or from `from` on; names decide between equals."""
    window = window_of(start, to, _DEFAULT)
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        with store.connect() as connection:
            found = find_metric(connection, metric)
            scale = Scale(top.OF_MOVEMENT[stat], unit) if stat in top.OF_MOVEMENT else scale_of(found, unit)
            behind = hours_behind(connection, window.span) if stat in top.OF_MOVEMENT else None
            ranked = top.top_devices(connection, found, window.span, stat=stat, n=n, lowest=order == "asc", fleet=fleet)
        places = [(place.rank, place.device, scale(place.value), place.n) for place in ranked]
        if chosen != "json":
            return file_answer(chosen, f"{metric}-top-{stat}", _COLUMNS, places, scale.unit)
        items = [TopItemOut(rank=rank, device_id=device, value=value, n=n) for rank, device, value, n in places]
        return rendered(TopOut(metric=found.name, unit=scale.unit, stat=stat, hours_behind=behind, items=items))

    return await answers.respond(request, ("top", metric, window, fleet, stat, n, order, unit, chosen), make)
