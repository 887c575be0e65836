"""What pages cost: first data and refreshes with 20 users on a page, on 25 million positions of 5,000 devices."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import psycopg

from bench import naive, queries
from bench.dash_client import Dashboard, Values, ask, changed_tick, dashboard
from bench.databases import database
from bench.questions import DEVICES, END, START
from bench.report import Result
from core.text import iso_utc
from db.embedded import start_embedded
from tests.app.process import ROOT, free_port, wait_for

ROWS: Final = queries.ROWS
USERS: Final = 20
REFRESHES: Final = 5
EVERY_S: Final = 5.0
"""How often an open page asks again, as it is set at first; users begin spread over as long."""
_TIMEOUT_S: Final = 60.0
_START_S: Final = 300.0


@dataclass(frozen=True)
class Panel:
    """A page, what its controls say for a user, and what it asks once its data has come."""

    name: str
    page: str
    path: Callable[[int], str]
    values: Callable[[int, int], dict[tuple[str, str], Any]]
    """What the controls say, for the number of a user and how often that user has asked."""
    changed: str | None = None
    """The control that a user turns to ask again; None: the page's interval asks."""
    then: str | None = None
    """A store that the answer fills, and that calls another callback: the tracks of History."""


@dataclass
class Took:
    """Milliseconds and bytes of a page's answers, as those who asked saw them."""

    first: list[float] = field(default_factory=list)
    refresh: list[float] = field(default_factory=list)
    then: list[float] = field(default_factory=list)
    payload: list[int] = field(default_factory=list)


def _device(user: int) -> str:
    return f"vehicle-{1 + (user * 251) % DEVICES:06d}"


def _period(page: str, length: timedelta) -> tuple[tuple[str, str], dict[str, str]]:
    chosen = {"from": iso_utc(END - length), "to": iso_utc(END), "zone": "Europe/Berlin"}
    return (f'{{"part":"chosen","period":"{page}"}}', "data"), chosen


def _summary(_user: int, _turn: int) -> dict[tuple[str, str], Any]:
    key, chosen = _period("summary", timedelta(days=1))
    return {key: chosen, ("summary-metric", "value"): "speed", ("summary-by", "value"): "fleet"}


def _top(_user: int, _turn: int) -> dict[tuple[str, str], Any]:
    key, chosen = _period("top", timedelta(days=1))
    controls = {"metric": "speed", "stat": "max", "n": "10", "order": "desc"}
    return {key: chosen} | {(f"top-{name}", "value"): value for name, value in controls.items()}


def _history(user: int, turn: int) -> dict[tuple[str, str], Any]:
    """A week of five devices at first, then all of it but some hours."""
    key, chosen = _period("history", timedelta(days=7))
    values: dict[tuple[str, str], Any] = {
        key: chosen,
        ("history-devices", "value"): [_device(user * 5 + n) for n in range(5)],
        ("history-metrics", "value"): ["speed"],
    }
    return values if turn == 0 else values | _zoom(START + timedelta(hours=turn), timedelta(days=6, hours=12))


def _zoomed(user: int, turn: int) -> dict[tuple[str, str], Any]:
    """Three hours out of that week."""
    return _history(user, 0) | _zoom(START + timedelta(days=3, hours=user, minutes=7 * turn), timedelta(hours=3))


def _zoom(begin: datetime, length: timedelta) -> dict[tuple[str, str], Any]:
    milliseconds = {"from": round(begin.timestamp() * 1000), "to": round((begin + length).timestamp() * 1000)}
    return {("history-zoom", "data"): milliseconds}


def _one(user: int, _turn: int) -> dict[tuple[str, str], Any]:
    key, chosen = _period("device", timedelta(days=7))
    return {key: chosen, ("device-metric", "value"): "speed", ("device-name", "data"): _device(user)}


PANELS: Final = (
    Panel("Summary, 24 h", "summary", lambda _user: "/summary", _summary),
    Panel("Top N, 24 h", "top", lambda _user: "/top", _top),
    Panel(
        "History, 7 d, then zooms to 6.5 d, 5 devices",
        "history",
        lambda _user: "/history",
        _history,
        changed="history-zoom.data",
        then="history-view",
    ),
    Panel(
        "History, zooms to 3 h of 7 d, 5 devices",
        "history",
        lambda _user: "/history",
        _zoomed,
        changed="history-zoom.data",
        then="history-view",
    ),
    Panel("Device, 7 d", "device", lambda user: f"/device/{_device(user)}", _one),
)


def run(rows: int = ROWS) -> Result:
    """Fill a database, serve it by `app.py web`, and ask as users do; then the same panels built naively."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
        database(servers, "paged") as (engine, connection),
    ):
        notes = [queries.fill(engine, connection, rows)]
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with _served(Path(directory), url, servers.redis_url) as address:
            lines = asyncio.run(_all(address))
        naively = _naively(connection)
    result = Result(
        "What pages cost",
        ["page", "first p95, ms", "refresh p50", "refresh p95", "tracks p95", "KB", "KB br", "naive, ms", "naive, KB"],
        notes=notes,
    )
    for panel in PANELS:
        if panel.name in lines:
            took, packed = lines[panel.name]
            result.rows.append(_row(panel, took, packed, naively[panel.page]))
    result.notes += [
        f"{USERS} users a page, who begin within {EVERY_S:g} s of each other and ask again each {EVERY_S:g} s. Summary"
        " and Top N are refreshed by their interval, and users share their answers; on History and Device each user"
        " looks at devices of their own, and on History zooms to another span instead.",
        "First is the layout and the data after it; tracks are what History asks for after its chart. Milliseconds as"
        " those who ask see them, over HTTP on the same machine, whose cores they share; without the browser's own"
        " work.",
        "KB is the JSON of an answer, KB br what is sent of it. Naive is the same panel from raw rows in pandas and a"
        " Plotly figure as JSON, once, alone, without a server.",
        "Targets: first data 300 ms and refresh 100 ms at p95, a zoom of 5 devices 150 ms, 200 KB.",
    ]
    return result


@contextmanager
def _served(directory: Path, database_url: str, redis_url: str) -> Iterator[str]:
    """`python app.py web` on these servers; its address."""
    port = free_port()
    ours = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DATA_DIR": str(directory / "web"), "PORT": str(port)}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    log = directory / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py", "web"],
            cwd=ROOT,
            env=clean | {f"WAYPOST_{name}": value for name, value in ours.items()},
            stdout=output,
            stderr=output,
        )
    try:
        wait_for("the server", lambda: process.poll() is not None or "Open http" in log.read_text(), _START_S)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def _all(address: str) -> dict[str, tuple[Took, int]]:
    """What every page that there is took, and the bytes on the wire of one answer."""
    found = {}
    async with httpx.AsyncClient(base_url=address, timeout=_TIMEOUT_S, headers={"origin": address}) as client:
        board = await dashboard(client)
        for panel in PANELS:
            try:
                board.refreshed_by(panel.page)
            except LookupError:
                print(f"there is no page {panel.page}", flush=True)
                continue
            await _user(client, board, panel, 0, Took(), every_s=0)  # to warm up
            took = Took()
            users = [_user(client, board, panel, user, took, every_s=EVERY_S) for user in range(USERS)]
            await asyncio.gather(*users)
            found[panel.name] = (took, await _wire_bytes(client, board, panel))
    return found


async def _user(
    client: httpx.AsyncClient, board: Dashboard, panel: Panel, user: int, took: Took, *, every_s: float
) -> None:
    """Open the page, look at its data, and stay for some refreshes."""
    await asyncio.sleep(every_s * user / USERS)
    begin = time.perf_counter()
    await _layout(client, board, panel.path(user))
    answers = await _fill(client, board, panel, panel.values(user, 0), [])
    took.first.append((time.perf_counter() - begin) * 1000)
    changed = changed_tick(panel.page) if panel.changed is None else [panel.changed]
    for turn in range(1, REFRESHES + 1):
        if panel.then is not None:
            view = answers[0].json()["response"][panel.then]["data"]
            begin = time.perf_counter()
            await ask(client, board.of(panel.then), {(panel.then, "data"): view}, [f"{panel.then}.data"])
            took.then.append((time.perf_counter() - begin) * 1000)
        await asyncio.sleep(every_s)
        begin = time.perf_counter()
        answers = await _fill(client, board, panel, panel.values(user, turn), changed)
        took.refresh.append((time.perf_counter() - begin) * 1000)
        took.payload.append(sum(len(answer.content) for answer in answers))


async def _fill(
    client: httpx.AsyncClient, board: Dashboard, panel: Panel, values: Values, changed: list[str]
) -> list[httpx.Response]:
    """The answers of all callbacks that fill the page, asked at once as a browser does."""
    return await asyncio.gather(
        *(ask(client, callback, values, changed) for callback in board.refreshed_by(panel.page))
    )


async def _layout(client: httpx.AsyncClient, board: Dashboard, path: str) -> None:
    """What Dash asks for when an address is opened."""
    values: Values = {("_pages_location", "pathname"): path, ("_pages_location", "search"): ""}
    await ask(client, board.of("_pages_location"), values, ["_pages_location.pathname"])


async def _wire_bytes(client: httpx.AsyncClient, board: Dashboard, panel: Panel) -> int:
    changed = changed_tick(panel.page) if panel.changed is None else [panel.changed]
    size = 0
    for callback in board.refreshed_by(panel.page):
        body = callback.body(panel.values(0, 0), changed)
        headers = {"accept-encoding": "br"}
        async with client.stream("POST", "/_dash-update-component", json=body, headers=headers) as answer:
            size += sum([len(part) async for part in answer.aiter_raw()])
    return size


def _naively(connection: psycopg.Connection) -> dict[str, tuple[float, int]]:
    """Milliseconds and bytes of JSON of each panel built naively."""
    found = {}
    for page, panel in naive.PANELS.items():
        begin = time.perf_counter()
        figure = panel(connection).to_json()
        found[page] = ((time.perf_counter() - begin) * 1000, len(figure))
    return found


def _row(panel: Panel, took: Took, packed: int, naively: tuple[float, int]) -> list[str]:
    def at(values: list[float], share: int) -> str:
        return f"{np.percentile(values, share):.0f}" if values else ""

    return [
        panel.name,
        at(took.first, 95),
        at(took.refresh, 50),
        at(took.refresh, 95),
        at(took.then, 95),
        f"{max(took.payload) / 1000:.0f}",
        f"{packed / 1000:.0f}",
        f"{naively[0]:,.0f}",
        f"{naively[1] / 1000:,.0f}",
    ]
