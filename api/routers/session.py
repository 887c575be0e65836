"""Signing in and out."""

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.asking import SessionsParam, VisitorParam
from api.errors import Problem, documented
from auth.roles import Visitor
from auth.sessions import COOKIE, TooManyTries, cookie_settings

router = APIRouter(prefix="/api/v1", tags=["session"])


class SignInIn(BaseModel):
    """Name and password."""

    user: str = Field("admin", max_length=256)
    password: str = Field(max_length=1024)

    model_config = ConfigDict(extra="forbid")


class VisitorOut(BaseModel):
    """Who asks; `user` is null for somebody who has not signed in."""

    user: str | None
    role: str

    @classmethod
    def of(cls, visitor: Visitor) -> "VisitorOut":
        """A visitor."""
        return cls(user=visitor.name, role=visitor.role.name.lower())


@router.get("/session", responses=documented(503))
def get_session(visitor: VisitorParam) -> VisitorOut:
    """Who asks, and what that is allowed to do: viewer, analyst or admin."""
    return VisitorOut.of(visitor)


@router.post("/session", responses=documented(401, 422, 429, 503))
async def sign_in(request: Request, response: Response, asked: SignInIn, sessions: SessionsParam) -> VisitorOut:
    """Sign in: sets a cookie that ends by itself, and when the password is changed. After some wrong passwords it asks
    to wait (429)."""
    address = request.client.host if request.client else ""
    limiter: anyio.CapacityLimiter = request.app.state.hashing
    try:
        session = await anyio.to_thread.run_sync(sessions.sign_in, asked.user, asked.password, address, limiter=limiter)
    except TooManyTries as error:
        raise Problem(429, str(error), {"Retry-After": str(max(1, round(error.wait_s)))}) from None
    if session is None:
        raise Problem(401, "Name and password do not go together.")
    response.set_cookie(
        COOKIE, session.cookie, **cookie_settings(sessions.max_age_s, https=request.url.scheme == "https")
    )
    return VisitorOut.of(session.visitor)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response) -> None:
    """Sign out: takes the cookie back."""
    response.set_cookie(COOKIE, "", **cookie_settings(0, https=request.url.scheme == "https"))
