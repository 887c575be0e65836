"""Who asks, for routers: `AdminParam` is somebody who may steer, `AnalystParam` may correct,
`VisitorParam` anyone."""

from typing import Annotated

from fastapi import Depends, Request

from api.errors import Problem
from auth.roles import Role, Visitor
from auth.sessions import Sessions, cookie_of, from_our_page


def sessions_of(request: Request) -> Sessions:
    """What the application signs people in with."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def visitor_of(request: Request) -> Visitor:
    """Who asks. Raises StoreUnavailable where that cannot be checked."""
    return sessions_of(request).visitor(request.headers, changing=request.method not in {"GET", "HEAD", "OPTIONS"})


VisitorParam = Annotated[Visitor, Depends(visitor_of)]


def analyst_of(request: Request, visitor: VisitorParam) -> Visitor:
    """An analyst, or an admin. Raises Problem 401 for somebody who has not signed in, and 403 for one who may not."""
    return _who_may(Role.ANALYST, request, visitor)


def admin_of(request: Request, visitor: VisitorParam) -> Visitor:
    """An admin. Raises Problem 401 for somebody who has not signed in, and 403 for somebody who may not."""
    return _who_may(Role.ADMIN, request, visitor)


def _who_may(role: Role, request: Request, visitor: Visitor) -> Visitor:
    called = f"an {role.name.lower()}"
    if visitor.may(role):
        return visitor
    if visitor.name is not None:
        raise Problem(403, f"{visitor.name} is no {role.name.lower()}.")
    if cookie_of(request.headers) is not None and not from_our_page(request.headers):
        raise Problem(403, "A session counts for what comes from Waypost's own pages; programs send a token.")
    detail = f"This asks for {called}: sign in at /sign-in, or send a token with the scope admin as Bearer."
    raise Problem(401, detail, {"WWW-Authenticate": "Bearer"})


def check_own(analyst: Visitor, author: str) -> None:
    """Analysts change what they have made, admins all. Raises Problem 403."""
    if author != analyst.name and not analyst.may(Role.ADMIN):
        raise Problem(403, f"It was made by {author}: only they or an admin can change or remove it.")


AdminParam = Annotated[Visitor, Depends(admin_of)]
AnalystParam = Annotated[Visitor, Depends(analyst_of)]
SessionsParam = Annotated[Sessions, Depends(sessions_of)]
