"""The things mended in Dash, on a real server. A new Dash that moves what they rely on fails here, loudly."""

import asyncio
import base64
import hashlib
import inspect
import re
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import dash
import httpx
import pytest
import uvicorn
from dash import Input, Output, State, clientside_callback, dcc, html
from dash.exceptions import PreventUpdate
from fastapi import FastAPI

from components.server import WaypostDash

SAFETY_S = 20.0
"""Nothing takes so long unless it is broken."""

BROWSER = httpx.Client(timeout=SAFETY_S)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of `app` on a real uvicorn."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    waiting = threading.Event()
    while thread.is_alive() and not server.started:
        waiting.wait(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(SAFETY_S)
    assert not thread.is_alive()


def small_app() -> tuple[FastAPI, WaypostDash]:
    """Dash on FastAPI with one input and one output, beside a plain endpoint."""
    api = FastAPI()

    @api.get("/healthz")
    async def healthz() -> str:
        return "ok"

    app = WaypostDash(server=api)  # type: ignore[arg-type]  # Dash takes FastAPI, its types do not say so yet
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])
    return api, app


def call(url: str, value: Any) -> httpx.Response:
    """What a browser sends when the input changes."""
    body = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "in", "property": "value", "value": value}],
        "changedPropIds": ["in.value"],
    }
    return BROWSER.post(f"{url}/_dash-update-component", json=body)


def shown(answer: httpx.Response) -> Any:
    """What the output became."""
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]["out"]["children"]


def test_a_slow_callback_holds_up_nothing_else() -> None:
    api, app = small_app()
    entered, release = threading.Event(), threading.Event()

    @app.callback(Output("out", "children"), Input("in", "value"))
    def slow(value: str) -> str:
        entered.set()
        assert release.wait(SAFETY_S)
        return value

    with served(api) as url, ThreadPoolExecutor() as pool:
        answer = pool.submit(call, url, "done")
        assert entered.wait(SAFETY_S)
        assert BROWSER.get(f"{url}/healthz", timeout=SAFETY_S / 4).json() == "ok"
        assert BROWSER.get(f"{url}/_dash-layout", timeout=SAFETY_S / 4).status_code == 200
        release.set()
        assert shown(answer.result()) == "done"


def test_slow_callbacks_run_side_by_side() -> None:
    api, app = small_app()
    together = threading.Barrier(6)

    @app.callback(Output("out", "children"), Input("in", "value"))
    def meet(value: str) -> str:
        together.wait(SAFETY_S / 2)
        return value

    with served(api) as url, ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(call, url, str(i)) for i in range(6)]
        assert [shown(answer.result()) for answer in answers] == [str(i) for i in range(6)]


def test_there_are_never_more_at_once_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.server._MOST_CALLBACKS_AT_ONCE", 2)
    api, app = small_app()
    lock, running, most = threading.Lock(), 0, 0

    @app.callback(Output("out", "children"), Input("in", "value"))
    def count(value: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return value

    with served(api) as url, ThreadPoolExecutor(8) as pool:
        assert all(shown(answer) for answer in pool.map(lambda i: call(url, str(i)), range(8)))
    assert most == 2


def test_a_callback_knows_in_its_thread_what_called_it() -> None:
    api, app = small_app()
    loop_thread = list[int]()

    @api.get("/thread")
    async def thread() -> None:
        loop_thread.append(threading.get_ident())

    @app.callback(Output("out", "children"), Input("in", "value"))
    def who(value: str) -> list[Any]:
        assert dash.get_app() is app  # type: ignore[no-untyped-call]  # Dash types a part of itself
        return [dash.ctx.triggered_id, dash.ctx.triggered[0]["value"], threading.get_ident()]

    with served(api) as url, ThreadPoolExecutor(8) as pool:
        BROWSER.get(f"{url}/thread")
        for i, answer in enumerate(pool.map(lambda i: call(url, f"v{i}"), range(20))):
            triggered, value, ident = shown(answer)
            assert (triggered, value) == ("in", f"v{i}")
            assert ident != loop_thread[0]


def test_what_one_callback_sets_another_does_not_see() -> None:
    api, app = small_app()
    note: ContextVar[str] = ContextVar("note", default="clean")

    @app.callback(Output("out", "children"), Input("in", "value"))
    def write(value: str) -> str:
        before = note.get()
        note.set(value)
        return before

    with served(api) as url:
        assert [shown(call(url, str(i))) for i in range(20)] == ["clean"] * 20


def test_coroutines_stay_on_the_loop() -> None:
    api, app = small_app()

    @app.callback(Output("out", "children"), Input("in", "value"))
    async def on_loop(value: str) -> bool:
        await asyncio.sleep(0)
        return asyncio.get_running_loop() is not None

    with served(api) as url:
        assert shown(call(url, "x")) is True


def test_an_update_that_is_prevented_is_204() -> None:
    api, app = small_app()

    @app.callback(Output("out", "children"), Input("in", "value"))
    def never(value: str) -> str:
        raise PreventUpdate

    with served(api) as url:
        assert call(url, "x").status_code == 204


@pytest.mark.parametrize("error", [ValueError("broken"), StopIteration("broken"), KeyError("broken")])
def test_a_callback_that_fails_is_500_and_on_error_hears_of_it(error: Exception) -> None:
    heard = list[Exception]()
    api = FastAPI()
    app = WaypostDash(server=api, on_error=heard.append)  # type: ignore[arg-type]
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])

    @app.callback(Output("out", "children"), Input("in", "value"))
    def fails(value: str) -> str:
        if value == "fail":
            raise error
        return value

    with served(api) as url:
        call(url, "fail")
        assert heard == [error]
        assert shown(call(url, "works")) == "works"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[FastAPI, WaypostDash]]:
    """Pages, an asset and an inline script, as app.py wires them: `prepare` stands in the lifespan."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "mine.css").write_text("body{}")
    (tmp_path / "site_pages").mkdir()
    (tmp_path / "site_pages" / "thing.py").write_text(
        "import dash\n"
        "dash.register_page(__name__, path_template='/thing/<name>', title='A thing', description='Of mine')\n"
        "def layout(name=None, **_):\n"
        "    return dash.html.Div(['thing ', name])\n"
    )
    registry, callbacks = dict(dash.page_registry), list(dash._callback.GLOBAL_CALLBACK_LIST)
    dash.page_registry.clear()
    started: list[WaypostDash] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:
        await started[0].prepare()
        yield

    api = FastAPI(lifespan=lifespan)
    app = WaypostDash(
        server=api,  # type: ignore[arg-type]
        use_pages=True,
        pages_folder=str(tmp_path / "site_pages"),
        assets_folder=str(tmp_path / "assets"),
        suppress_callback_exceptions=True,
    )
    started.append(app)
    clientside_callback(
        "function(v) { return v + 1; }", Output("out", "children"), Input("in", "value"), State("in", "id")
    )
    app.layout = html.Div([dcc.Input(id="in"), html.Div(id="out"), dash.page_container])
    yield api, app
    dash.page_registry.clear()
    dash.page_registry.update(registry)
    dash._callback.GLOBAL_CALLBACK_LIST[:] = callbacks
    for name in [name for name in sys.modules if name.startswith("site_pages")]:
        del sys.modules[name]


def inline_scripts(page: str) -> list[str]:
    """The text of every script that is not loaded from an address, but for data."""
    page = re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    found = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    return [text for attributes, text in found if "src=" not in attributes and "application/json" not in attributes]


def sha256(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_the_hashes_of_inline_scripts_are_complete_before_the_first_request(
    site: tuple[FastAPI, WaypostDash],
) -> None:
    api, app = site
    with served(api) as url:
        before = set(app.csp_hashes())
        scripts = inline_scripts(BROWSER.get(f"{url}/thing/x").text)
        assert set(app.csp_hashes()) == before
    assert any("document.title" in script for script in scripts), "the script that sets the title is not there"
    assert any("return v + 1" in script for script in scripts)
    assert {sha256(script) for script in scripts} <= before


def test_the_first_deep_link_has_its_assets_title_and_page(site: tuple[FastAPI, WaypostDash]) -> None:
    api, _ = site
    with served(api) as url:
        page = BROWSER.get(f"{url}/thing/x").text
        again = BROWSER.get(f"{url}/thing/x").text
        style = BROWSER.get(f"{url}/assets/waypost.css")
    assert "body{}" in style.text
    assert style.headers["content-type"].startswith("text/css")
    assert re.search(r'<link rel="stylesheet" href="/assets/waypost\.css\?m=[0-9.]+">', page)
    assert '<meta property="og:title" content="A thing">' in page
    loads = r'(?:src|href)="([^"]*)"'
    assert re.findall(loads, page) == re.findall(loads, again)


def test_preparing_again_changes_nothing(site: tuple[FastAPI, WaypostDash]) -> None:
    api, app = site
    with served(api):
        before = app.csp_hashes()
        asyncio.run(app.prepare())
        assert app.csp_hashes() == before


def test_dash_still_has_what_both_rely_on() -> None:
    assert list(inspect.signature(dash.Dash._execute_callback).parameters) == [
        "self",
        "func",
        "args",
        "outputs_list",
        "g",
    ]
    _, app = small_app()
    functions = app.backend._before_request_funcs  # type: ignore[attr-defined]
    assert app._setup_server in functions
    assert all(callable(function) for function in functions)
    source = inspect.getsource(type(app.backend).serve_callback)
    assert "_execute_callback(" in source
    assert "if inspect.iscoroutine(response_data):" in source, "a callback may no longer answer with a coroutine"
