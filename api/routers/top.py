"""Who is highest, or lowest."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, answer, rendered
from api.errors import documented
from api.formats import MEDIA_TYPES, attachment, choose, described
from api.formats.table import to_csv
from api.limits import MAX_RANKED
from api.lookup import find_metric
from api.parameters import FleetParam, From, MetricParam, StoreParam, TableFormat, To, window_of
from api.schemas import TopItemOut, TopOut
from db.queries import top
from db.queries.top import Statistic

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(404, 422, 503))

_DEFAULT: Final = timedelta(hours=1)
_COLUMNS: Final = ("rank", "device_id", "value", "n")
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
    asked: TableFormat = None,
) -> Response:
    """Devices ranked by a statistic of a metric over the last hour, or from `from` on; names decide between equals."""
    window = window_of(start, to, _DEFAULT)
    chosen = choose(request, asked, ("json", "csv"))

    def make() -> Answer:
        with store.connect() as connection:
            found = find_metric(connection, metric)
            ranked = top.top_devices(connection, found, window.span, stat=stat, n=n, lowest=order == "asc", fleet=fleet)
        if chosen == "csv":
            rows = ((place.rank, place.device, place.value, place.n) for place in ranked)
            return answer(to_csv(_COLUMNS, rows), MEDIA_TYPES["csv"], attachment(f"{metric}-top-{stat}", "csv"))
        items = [TopItemOut(rank=p.rank, device_id=p.device, value=p.value, n=p.n) for p in ranked]
        return rendered(TopOut(metric=found.name, unit=found.unit, stat=stat, items=items))

    return await answers.respond(request, ("top", metric, window, fleet, stat, n, order, chosen), make)
