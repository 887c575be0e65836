"""Errors of the API as problem+json (RFC 9457): what happened, in words that help."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import StoreUnavailable
from core.log import get_logger


class Problem(HTTPException):
    """An error with a sentence that says what to do."""


_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do about it"},
    },
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of errors with these statuses."""
    content = {"application/problem+json": {"schema": _SCHEMA}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """The answer for an error."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def of_refusal(error: HTTPException) -> JSONResponse:
    """The answer for what cannot be answered as it was asked."""
    answer = problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def of_unavailable(error: StoreUnavailable) -> JSONResponse:
    """The answer while a part does not answer us."""
    answer = problem(503, str(error))
    answer.headers["Retry-After"] = "2"
    return answer


def install(app: FastAPI) -> None:
    """Answer every error of `app` as problem+json."""

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        return of_refusal(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"where": ".".join(str(part) for part in item["loc"]), "what": str(item["msg"])} for item in error.errors()
        ]
        detail = "; ".join(f"{item['where']}: {item['what']}" for item in errors)
        return problem(422, detail, errors=errors)

    @app.exception_handler(StoreUnavailable)
    async def unavailable(request: Request, error: StoreUnavailable) -> JSONResponse:
        return of_unavailable(error)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        get_logger("api").error("a request failed", path=request.url.path, exc_info=error)
        return problem(500, "Something went wrong here; it has been logged.")
