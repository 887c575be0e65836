"""Messages that could not be used: what they were, why, and once more."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from api.asking import AdminParam
from api.errors import Problem, documented
from api.parameters import StoreParam, Text
from api.schemas_pipeline import AgainIn, AgainOut, KeptOut, KeptPageOut, QuarantineGroupOut, QuarantineOut
from db.again import ask_again
from db.queries import quarantine

router = APIRouter(prefix="/api/v1", tags=["pipeline"])

_MOST: Final = 200


@router.get("/quarantine", responses=documented(503))
def get_quarantine(store: StoreParam) -> QuarantineOut:
    """What is kept, by source and reason, each with its newest message."""
    with store.connect() as connection:
        groups = quarantine.list_groups(connection)
    return QuarantineOut(total=sum(g.count for g in groups), groups=[QuarantineGroupOut.of(group) for group in groups])


@router.get("/quarantine/messages", responses=documented(422, 503))
def get_messages(
    store: StoreParam,
    source: Annotated[Text | None, Query(description="Only of this source")] = None,
    reason: Annotated[Text | None, Query(description="Only with this reason")] = None,
    device: Annotated[Text | None, Query(description="Only of the device called so")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> KeptPageOut:
    """Messages, newest first."""
    before = _before(cursor)
    with store.connect() as connection:
        found = quarantine.list_kept(
            connection, source=source, reason=reason, device=device, limit=limit + 1, before=before
        )
    more = len(found) > limit
    return KeptPageOut(
        items=[KeptOut.of(kept) for kept in found[:limit]], next=str(found[limit - 1].id) if more else None
    )


@router.post("/quarantine/again", responses=documented(401, 403, 422, 503))
def decode_again(store: StoreParam, admin: AdminParam, asked: AgainIn) -> AgainOut:
    """Ask for a group to be decoded again: what can be used now is stored, the rest stays. Noted in the audit.

    Needs an admin: the cookie of a session, or a token with the scope `admin`.
    """
    if "\0" in asked.source + asked.reason:
        raise Problem(422, "a name holds no NUL character")
    with store.connect() as connection, connection.begin():
        return AgainOut(asked=ask_again(connection, asked.source, asked.reason, str(admin.name)))


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Problem(422, "cursor is none that an answer has named as next")
    return int(cursor)
