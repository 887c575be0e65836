"""The named series there are."""

from fastapi import APIRouter, Request, Response

from api.answers import Answer, AnswersParam, rendered
from api.errors import documented
from api.parameters import StoreParam
from api.schemas import MetricOut, MetricsOut
from db.queries import metrics

router = APIRouter(prefix="/api/v1", tags=["analytics"], responses=documented(503))


@router.get("/metrics", response_model=MetricsOut)
async def list_metrics(request: Request, store: StoreParam, answers: AnswersParam) -> Response:
    """The named series there are: speed, altitude and heading, and every number that devices sent beside them."""

    def make() -> Answer:
        with store.connect() as connection:
            found = metrics.list_metrics(connection)
        return rendered(MetricsOut(metrics=[MetricOut(metric=m.name, unit=m.unit, label=m.label) for m in found]))

    return await answers.respond(request, "metrics", make)
