"""Errors are problem+json in words that help; an unknown path of the API never is the page of Dash."""

from collections.abc import Iterator

import pytest
from dash import Dash, html
from dash.backends._fastapi import reset_current_request, set_current_request
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from db.embedded import EmbeddedServers
from db.live import LiveReader
from db.store import Store
from tests.api.conftest import Client, api_of, make_settings

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def app(shared_engine: Engine, servers: EmbeddedServers) -> FastAPI:
    """The API with pages on top, as app.py puts them."""
    api = api_of(Store(shared_engine, LiveReader(servers.redis_url), make_settings()))

    @api.get("/breaks")
    def breaks() -> None:
        raise RuntimeError("the secret is 12345")

    @api.get("/wrong-sql")
    def wrong_sql() -> None:
        with api.state.store.connect() as connection:
            connection.exec_driver_sql("SELECT secret_column FROM device")

    @api.get("/refuses")
    def refuses() -> None:
        raise HTTPException(429, "too often", {"Retry-After": "9"})

    dash = Dash(server=api)  # type: ignore[arg-type]  # Dash takes FastAPI, its types do not say so yet
    dash.layout = html.Div("the page of Dash")

    @api.get("/{path:path}")  # as its lifespan does
    async def page(request: Request) -> HTMLResponse:
        token = set_current_request(request)  # type: ignore[no-untyped-call]  # Dash types a part of itself
        try:
            return HTMLResponse(dash.index())  # type: ignore[no-untyped-call]
        finally:
            reset_current_request(token)  # type: ignore[no-untyped-call]

    return api


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[Client]:
    made = Client(app)
    yield made
    made.close()


def test_there_are_pages_beside_the_api(client: Client) -> None:
    answer = client.get("/device/x")
    assert (answer.status_code, "_dash" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/devices", "/api/../api/x", "/api/v1/%2e"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_path_of_the_api_is_a_problem_not_a_page(client: Client, method: str, path: str) -> None:
    answer = client(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert "GET /api/docs shows what there is" in answer.json()["detail"]
    assert answer.json()["title"] == "Not Found"


@pytest.mark.parametrize(
    "path, takes",
    [
        ("/api/v1/devices", "GET"),
        ("/api/v1/latest", "GET"),
        ("/api/v1/devices/a/b", "GET, PUT"),
        ("/api/openapi.json", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_method_that_a_path_does_not_take_is_405_with_those_it_takes(
    client: Client, method: str, path: str, takes: str
) -> None:
    answer = client(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)
    assert answer.headers["allow"] == takes
    assert answer.json()["detail"] == f"{path} does not take {method}, only {takes}"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/devices", "/api/docs", "/api/openapi.json", "/", "/device/x"])
def test_head_is_get_without_the_body(client: Client, path: str) -> None:
    got, head = client("GET", path), client("HEAD", path)
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["content-length"] == str(len(got.content))


def test_head_of_what_is_not_there_is_404(client: Client) -> None:
    assert (client("HEAD", "/api/v1/nothing").status_code, client("HEAD", "/api/v1/nothing").content) == (404, b"")


def test_what_nobody_expected_is_500_without_a_word_of_why(client: Client) -> None:
    answer = client.get("/breaks")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong here; it has been logged.",
    }


def test_what_nobody_expected_is_logged(client: Client) -> None:
    with capture_logs() as logged:
        client.get("/breaks")
    [line] = [line for line in logged if line["event"] == "a request failed"]
    assert (line["log_level"], line["path"], str(line["exc_info"])) == ("error", "/breaks", "the secret is 12345")


def test_a_statement_the_database_refuses_is_our_fault_not_its_absence(client: Client) -> None:
    answer = client.get("/wrong-sql")
    assert answer.status_code == 500
    assert "secret_column" not in answer.text
    with pytest.raises(ProgrammingError), client.app.state.store.connect() as connection:
        connection.exec_driver_sql("SELECT secret_column FROM device")


def test_headers_of_an_error_are_kept(client: Client) -> None:
    answer = client.get("/refuses")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["detail"]) == (429, "9", "too often")


def test_all_that_is_wrong_with_a_request_is_said_at_once(client: Client) -> None:
    answer = client.get("/api/v1/devices", limit=0, offset="x")
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert [error["where"] for error in answer.json()["errors"]] == ["query.limit", "query.offset"]
    assert "query.limit: Input should be greater than or equal to 1" in answer.json()["detail"]
