"""A web worker of Waypost, and beside its live map the usual way: dl.GeoJSON from an interval callback.

`python -m bench.map_server --devices N` prints a line of JSON when it is ready: {"port", "redis_url"}. It ends with its
standard input.
"""

import argparse
import asyncio
import json
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dash
import dash_leaflet as dl
import uvicorn
from dash import Input, Output, callback, dcc, html

from app import create_web
from bench.map_fleet import name_of, places_at
from core import log
from core.settings import Settings
from db.database import conninfo, make_engine, parse_url
from db.embedded import start_embedded
from db.engine import engine_of
from db.live import LiveReader
from db.migrate import upgrade
from db.registry import Registry
from db.store import Store
from db.write import Writer

PEER = "/bench-geojson"


def main() -> None:
    """Serve until the standard input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, required=True)
    devices = parser.parse_args().devices
    log.configure("error")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waypost-bench-")))
        servers = start_embedded(directory / "data", say=lambda *_: None)
        stack.callback(servers.stop)
        engine = make_engine(parse_url(servers.database_url))
        stack.callback(engine.dispose)
        upgrade(engine)
        with engine.connect() as connection:
            writer = Writer(conninfo(engine.url), engine_of(connection))
        registry = Registry(devices, 100)
        registry.load(writer.connection())
        registry.add_devices(writer.connection(), (name_of(number) for number in range(devices)))
        writer.close()
        settings = Settings(sources="", data_dir=directory, port=0, max_devices=max(devices, 1))
        store = Store(engine, LiveReader(servers.redis_url), settings)
        store.site.start()
        stack.callback(store.site.stop)
        app = create_web(store, None, None, key="of the benchmark", pages=True)
        _peer(devices)
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server = uvicorn.Server(
            uvicorn.Config(app, access_log=False, log_level="warning", ws_per_message_deflate=False)
        )
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        print(json.dumps({"port": listening.getsockname()[1], "redis_url": servers.redis_url}), flush=True)
        asyncio.run(server.serve(sockets=[listening]))


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


def _peer(devices: int) -> None:
    """The page to compare with. The page that looks at it brings `bench.circle`: L.circleMarker."""
    layer = dl.GeoJSON(id="bench-layer", pointToLayer={"variable": "bench.circle"})
    container = dl.MapContainer(
        layer, center=[48, 10], zoom=5, preferCanvas=True, style={"height": "calc(100vh - 60px)"}, id="bench-map"
    )
    dash.register_page(  # type: ignore[no-untyped-call]  # Dash gives it no types
        "bench_geojson",
        path=PEER,
        layout=html.Div([container, dcc.Interval(id="bench-interval", interval=1000)]),
    )

    @callback(Output("bench-layer", "data"), Input("bench-interval", "n_intervals"))
    def move(_ticks: int | None) -> dict[str, Any]:
        places = places_at(devices, time.time())
        rows = zip(places.lon.tolist(), places.lat.tolist(), places.heading.tolist(), strict=True)
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
                    "properties": {"id": number, "heading": round(heading)},
                }
                for number, (lon, lat, heading) in enumerate(rows)
            ],
        }


if __name__ == "__main__":
    main()
