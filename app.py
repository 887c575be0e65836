"""Waypost: the composition root and the command line. It says what Waypost is made of, and holds no logic."""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NamedTuple, TextIO

import uvicorn
from brotli_asgi import BrotliMiddleware
from fastapi import FastAPI

from api.application import IngestStatus, create_api
from api.headers import SecurityHeaders, content_security_policy
from auth.first_start import FirstSecrets, make_first_secrets
from auth.guard import LOCAL_HOSTS, Guard, is_loopback
from auth.secret import secret_key
from components.server import WaypostDash
from components.shared import SharedAnswers
from components.shell import INDEX, shell
from core import garbage, log
from core.collector import Collector
from core.errors import StartupError
from core.settings import Settings, load, unknown_names
from db.database import conninfo, make_engine, parse_url, wait_until_ready
from db.embedded import DataDirectory, start_embedded
from db.engine import engine_of
from db.live import LiveReader, check_redis
from db.migrate import upgrade
from db.store import Store
from ingest.collector import topic_collector
from ingest.lake.cli import add_lake_arguments, run_lake
from ingest.planned import plan
from ingest.replay.cli import add_replay_arguments, run_replay
from ingest.service import Ingest
from simulate.cli import add_publish_arguments, run_publish
from simulate.cli_simulate import add_simulate_arguments, run_simulate
from simulate.demo import free_address, start_demo

VERSION = "0.1.0"
ROOT = Path(__file__).parent


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0 after an orderly end and 2 where it could not start."""
    parser = argparse.ArgumentParser(prog="python app.py", description="Waypost: real-time telemetry analytics")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("all", help="collect, store and serve, in one process (the default)")
    commands.add_parser("web", help="serve pages and API alone; needs WAYPOST_DATABASE_URL and WAYPOST_REDIS_URL")
    commands.add_parser("ingest", help="collect and store alone; needs the same")
    add_publish_arguments(commands.add_parser("publish", help="play a recording of devices to an address"))
    add_simulate_arguments(commands.add_parser("simulate", help="invent a fleet that reports to an address"))
    add_lake_arguments(commands.add_parser("lake", help="ask the lake, or list what it holds"))
    add_replay_arguments(commands.add_parser("replay", help="decode what was received in a window of time once more"))
    args = parser.parse_args(argv)
    try:
        if args.command in ("publish", "simulate"):
            return (run_publish if args.command == "publish" else run_simulate)(args)
        if args.command == "lake":
            return run_lake(args, load())
        if args.command == "replay":
            return run_replay(args, load())
        return run(load(), web=args.command != "ingest", ingest=args.command != "web")
    except StartupError as error:
        say(f"waypost: {error}", to=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def run(settings: Settings, *, web: bool, ingest: bool) -> int:
    """Start every part, serve until told to stop, and stop every part again, the last first."""
    signal.signal(signal.SIGTERM, _interrupt)
    log.configure(settings.log_level, settings.log_format)
    for name in unknown_names():
        say(f"waypost: {name} is set, but is no setting; docs/configuration.md lists those there are.", to=sys.stderr)
    say(f"Waypost {VERSION}")
    _refuse_unguarded(settings, web=web, ingest=ingest)
    if ingest and not settings.demo:
        plan(
            settings.source_urls(), max_ahead_s=settings.max_ahead_s
        )  # before anything is prepared: a slip of the pen is said at once
    with ExitStack() as stack:
        stack.callback(_ignore_further_signals)
        directory = stack.enter_context(DataDirectory.open(settings.data_dir))
        listening = stack.enter_context(_listen(settings))

        database_url, redis_url = settings.database_url, settings.redis_url
        if database_url is None or redis_url is None:
            embedded = start_embedded(directory, postgres=database_url is None, valkey=redis_url is None, say=say)
            stack.callback(embedded.stop)
            database_url = database_url or embedded.database_url
            redis_url = redis_url or embedded.redis_url

        url = parse_url(database_url)
        engine = make_engine(url)
        stack.callback(engine.dispose)
        wait_until_ready(engine)
        check_redis(redis_url)
        upgrade(engine)
        first = make_first_secrets(engine, settings)
        store = Store(engine, LiveReader(redis_url), settings)
        store.site.start()
        stack.callback(store.site.stop)

        collecting = Collecting()
        if ingest:
            collecting = _collect(stack, store, redis_url, with_history=first is not None)
        elif settings.collector_topic:
            topic = topic_collector(settings.collector_topic, settings.max_ahead_s)
            stack.callback(topic.stop)
            collecting = Collecting(collector=topic)

        garbage.look_seldom()
        garbage.settle()
        ready = _ready_lines(settings, listening, first, collecting.sources, web=web)
        made = create_web(store, collecting.status, collecting.collector, key=secret_key(settings), pages=web)
        _serve(made, listening, lambda: say(*ready))
    return 0


class Collecting(NamedTuple):
    """What the web is told of whatever collects; nothing where this process only serves."""

    status: IngestStatus | None = None
    collector: Collector | None = None
    sources: list[str] | None = None


def _collect(stack: ExitStack, store: Store, redis_url: str, *, with_history: bool) -> Collecting:
    """Start the ingest, and the demo where it is wanted; `stack` stops them."""
    settings = store.settings
    urls = [f"{free_address()}?source=demo"] if settings.demo else settings.source_urls()
    with store.engine.connect() as connection:
        storage = engine_of(connection)
    ingest = Ingest(
        settings,
        urls,
        conninfo=conninfo(store.engine.url),
        engine=storage,
        redis_url=redis_url,
        rules=lambda: store.site.current.rules,
        calling=lambda: store.site.current.calling,
    )
    stack.callback(ingest.stop)
    ingest.start()
    if settings.demo:
        stack.callback(start_demo(urls[0].partition("?")[0], with_history=with_history).stop)
    return Collecting(ingest.status, ingest.collector, ingest.source_names)


def create_web(
    store: Store, ingest_status: IngestStatus | None, collector: Collector | None, *, key: str, pages: bool
) -> FastAPI:
    """API, pages where they are wanted, and what stands before them. `key` signs cookies."""
    on_start: list[Callable[[], Awaitable[None]]] = []
    api = create_api(
        store, ingest_status=ingest_status, collector=collector, version=VERSION, on_start=on_start, key=key
    )
    dash = create_dash(api, store) if pages else None
    if dash is not None:
        on_start.append(dash.prepare)
    named = frozenset(filter(None, (name.strip() for name in store.settings.allowed_hosts.split(","))))
    answers_to = LOCAL_HOSTS | named if is_loopback(store.settings.host) or named else None
    # The last one added is the first that a request passes.
    api.add_middleware(BrotliMiddleware, quality=4, minimum_size=1000)

    def policy() -> str:
        return content_security_policy(dash.script_hashes if dash is not None else (), store.site.current.tiles.url)

    api.add_middleware(SecurityHeaders, policy=policy)
    api.add_middleware(Guard, hosts=answers_to)
    return api


def create_dash(api: FastAPI, store: Store) -> WaypostDash:
    """The pages, put on top of the API."""
    dash = WaypostDash(
        server=api,  # type: ignore[arg-type]  # Dash 4.4 takes FastAPI, its types do not say so yet
        use_pages=True,
        pages_folder=str(ROOT / "pages"),
        assets_folder=str(ROOT / "assets"),
        assets_path_ignore=["swagger-ui", "basemap"],
        suppress_callback_exceptions=True,
        index_string=INDEX,
        title="Waypost",
        update_title=None,  # type: ignore[arg-type]  # the same: None leaves the title alone
        on_error=log_callback_error,
    )
    api.state.shared = SharedAnswers()
    dash.layout = lambda: shell(store.site.current)
    return dash


def say(*lines: str, to: TextIO | None = None) -> None:
    """Tell the person at the terminal."""
    for line in lines:
        print(line, file=to or sys.stdout, flush=True)


def log_callback_error(error: Exception) -> None:
    """Dash answers a failed callback with 500 and logs nothing by itself."""
    log.get_logger("pages").error("a callback failed", exc_info=error)


def _serve(app: FastAPI, listening: socket.socket, on_ready: Callable[[], object]) -> None:
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        ws_per_message_deflate=False,  # measured: 40 times the CPU a viewer, for frames that hardly shrink
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has a flag, no event
            await asyncio.sleep(0.02)
        if server.started:
            on_ready()
        await serving

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())


def _listen(settings: Settings) -> socket.socket:
    """Take the address before anything slow begins. Raises StartupError where it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        raise StartupError(
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}."
            " Stop what uses it, or set WAYPOST_PORT to another."
        ) from None
    return listening


def _refuse_unguarded(settings: Settings, *, web: bool, ingest: bool) -> None:
    if not is_loopback(settings.host) and not settings.allow_anonymous:
        raise StartupError(
            f"WAYPOST_HOST is {settings.host}, which others can reach, and there is no sign-in for viewers yet:"
            " set WAYPOST_ALLOW_ANONYMOUS=true to let anyone look, or leave WAYPOST_HOST at 127.0.0.1."
        )
    if not (web and ingest) and (settings.database_url is None or settings.redis_url is None):
        raise StartupError(
            "web and ingest apart need servers that both can reach: set WAYPOST_DATABASE_URL and WAYPOST_REDIS_URL."
        )


def _ready_lines(
    settings: Settings,
    listening: socket.socket,
    first: FirstSecrets | None,
    sources: Sequence[str] | None,
    *,
    web: bool,
) -> list[str]:
    lines = []
    if sources is not None and settings.demo:
        lines.append("Playing the demo: 190 buses of Austin, recorded in 2015, ten times as fast.")
    elif sources is not None:
        lines.append(f"Sources: {', '.join(sources) or 'none but the HTTP collector'}")
    if first is not None:
        lines += _first_lines(settings, first)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else "localhost" if host in {"0.0.0.0", "::"} else host
    what = "Open" if web else "Collecting at"
    lines.append(f"{what} http://{shown}:{port}    (Ctrl-C stops)")
    return lines


def _first_lines(settings: Settings, first: FirstSecrets) -> list[str]:
    """What was made is shown once; what a setting gave is not repeated into the log."""
    lines = ["Admin password:  as WAYPOST_ADMIN_PASSWORD says", "Collector token: as WAYPOST_INGEST_TOKEN says"]
    if settings.admin_password is None:
        lines[0] = f"Admin password:  {first.admin_password}    (user admin; shown only now)"
    if settings.ingest_token is None:
        lines[1] = f"Collector token: {first.ingest_token}    (shown only now)"
    return lines


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore_further_signals() -> None:
    """Once everything has stopped there is nothing left to interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
