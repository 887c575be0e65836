"""Annotations: what people write beside the data."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi import Path as PathParam

from api.asking import AnalystParam
from api.errors import Problem, documented
from api.lookup import find_device
from api.parameters import From, OneDevice, StoreParam, To, span_of
from api.schemas_annotations import AnnotationIn, AnnotationOut, AnnotationsOut
from auth.roles import Role
from core.log import get_logger
from db.annotations import add_annotation, remove_annotation
from db.queries.annotations import get_annotation, list_annotations

router = APIRouter(prefix="/api/v1", tags=["annotations"])

_DEFAULT: Final = timedelta(days=1)
_MOST: Final = 500
_MOST_ID: Final = 2**63 - 1


@router.get("/annotations", responses=documented(404, 422, 503))
def get_annotations(
    store: StoreParam,
    start: From = None,
    to: To = None,
    device: OneDevice = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 200,
) -> AnnotationsOut:
    """What touches the span, the newest first; the last day if `from` is left out.

    With `device`, what is about other devices is left out.
    """
    span = span_of(start, to, _DEFAULT)
    with store.connect() as connection:
        ids = None if device is None else [find_device(connection, device).id]
        found = list_annotations(connection, span, device_ids=ids, limit=limit)
    return AnnotationsOut(items=[AnnotationOut.of(one) for one in found])


@router.post("/annotations", status_code=201, responses=documented(401, 403, 404, 422, 503))
def write_annotation(store: StoreParam, analyst: AnalystParam, asked: AnnotationIn) -> AnnotationOut:
    """Write one. Needs an analyst or admin: the cookie of a session, or a token with the scope `admin`."""
    with store.connect() as connection, connection.begin():
        device_id = None if asked.device_id is None else find_device(connection, asked.device_id).id
        try:
            added = add_annotation(
                connection,
                start=asked.start,
                end=asked.end,
                device_id=device_id,
                text=asked.text,
                author=analyst.name or "",
            )
        except ValueError as error:
            raise Problem(422, str(error)) from None
        made = get_annotation(connection, added)
    assert made is not None  # noqa: S101 - written by this transaction
    get_logger("audit").info("annotated", user=analyst.name, annotation=added)
    return AnnotationOut.of(made)


@router.delete("/annotations/{annotation_id}", status_code=204, responses=documented(401, 403, 404, 422, 503))
def delete_annotation(
    store: StoreParam,
    analyst: AnalystParam,
    annotation_id: Annotated[int, PathParam(ge=1, le=_MOST_ID, description="`id` of an annotation")],
) -> None:
    """Remove one: one's own, or any as an admin."""
    with store.connect() as connection, connection.begin():
        found = get_annotation(connection, annotation_id)
        if found is None:
            raise Problem(404, f"There is no annotation {annotation_id}.")
        if found.author != analyst.name and not analyst.may(Role.ADMIN):
            raise Problem(403, f"It was written by {found.author}: only they or an admin can remove it.")
        remove_annotation(connection, annotation_id)
    get_logger("audit").info("removed an annotation", user=analyst.name, annotation=annotation_id)
