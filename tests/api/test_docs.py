"""The API describes itself: without the network, completely, and in docs/api.md too."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI

from tests.api.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "api.md").read_text()


@pytest.fixture
def description(shared_api: Client) -> dict[str, Any]:
    """What OpenAPI says."""
    found: dict[str, Any] = shared_api.get("/api/openapi.json").json()
    return found


def declared(client: Client) -> set[tuple[str, str]]:
    """Every method and path that routers declare, as OpenAPI writes them."""
    routes: list[Any] = []
    for part in client.app.routes:
        router = getattr(part, "original_router", None)
        routes.extend(router.routes if router is not None else [])
    return {
        (method, re.sub(r"{(\w+):\w+}", r"{\1}", route.path))
        for route in routes
        if getattr(route, "include_in_schema", False)
        for method in getattr(route, "methods", None) or ()
    }


class References(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses and inline scripts."""
        given = dict(attrs)
        self.found += [value for name in ("src", "href") if (value := given.get(name))]
        self.inline += tag == "style" or (tag == "script" and not given.get("src"))


def test_the_docs_page_loads_nothing_from_other_hosts_and_nothing_inline(shared_api: Client) -> None:
    answer = shared_api.get("/api/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = References()
    page.feed(answer.text)
    assert page.inline == 0
    assert len(page.found) == 4
    for address in page.found:
        assert address.startswith("/assets/")
        assert (ROOT / address.removeprefix("/")).is_file(), address


def test_what_starts_it_asks_for_our_own_description() -> None:
    script = (ROOT / "assets" / "swagger-ui" / "start.js").read_text()
    assert 'url: "/api/openapi.json"' in script
    assert "http" not in script


def test_docs_of_the_framework_that_load_from_a_cdn_are_off(shared_api: Client) -> None:
    assert [shared_api.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404, 404, 404]


def test_openapi_is_valid_and_lists_every_route(shared_api: Client, description: dict[str, Any]) -> None:
    OpenAPI.model_validate(description)
    listed = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    assert listed == declared(shared_api)
    assert ("GET", "/api/v1/devices/{name}/track") in listed


def test_openapi_describes_parameters_and_errors_as_they_are(description: dict[str, Any]) -> None:
    track = description["paths"]["/api/v1/devices/{name}/track"]["get"]
    assert [p["name"] for p in track["parameters"]] == ["name", "from", "to", "max_points", "format"]
    for status in ("404", "422", "503"):
        assert list(track["responses"][status]["content"]) == ["application/problem+json"]
    types = {"application/json", "application/geo+json", "application/gpx+xml", "text/csv"}
    assert track["responses"]["200"]["content"].keys() == types
    summary = description["components"]["schemas"]["SummaryOut"]["properties"]
    assert {"from", "to"} <= summary.keys()
    assert "HTTPValidationError" not in str(description)


def test_every_endpoint_says_what_it_does(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method in methods.values():
            assert method["description"].strip(), path


@pytest.mark.parametrize("path", ["metrics", "summary", "series", "top", "devices/{name}/track"])
def test_openapi_shows_an_example_of_every_format_that_the_answer_has(description: dict[str, Any], path: str) -> None:
    for media_type, content in description["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"].items():
        if media_type == "application/json":
            name = content["schema"]["$ref"].rpartition("/")[2]
            schema = description["components"]["schemas"][name]
            assert schema["examples"][0].keys() == schema["properties"].keys(), name
        else:
            assert content["example"], media_type


def test_every_endpoint_is_in_the_docs(shared_api: Client) -> None:
    for method, path in declared(shared_api):
        assert f"`{method} {path}`" in DOCS


def test_every_parameter_is_in_the_docs(description: dict[str, Any]) -> None:
    for methods in description["paths"].values():
        for method in methods.values():
            for parameter in method.get("parameters", []):
                assert re.search(rf"[`{{]{parameter['name']}[`=}}]", DOCS), parameter["name"]


def test_the_docs_speak_of_no_endpoint_that_there_is_not(shared_api: Client) -> None:
    spoken = {tuple(found) for found in re.findall(r"`(GET|POST|PUT|DELETE) (/[^`]*)`", DOCS)}
    assert spoken == declared(shared_api)


def test_every_example_of_the_docs_works(shared_api: Client) -> None:
    examples = re.findall(r"^curl (?:-\w+ |'[^'\n]*' )*'?http://localhost:8050([^'\n]+)'?$", DOCS, re.MULTILINE)
    assert len(examples) == DOCS.count("\ncurl ") >= 16
    for example in examples:
        assert shared_api.get(example).status_code in {200, 404}, example
        if "bus-8929" not in example and "Reading%20room" not in example:
            assert shared_api.get(example).status_code == 200, example
