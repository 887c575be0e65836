"""What the ingest must know of the database before it goes on: where it stood, and the newest of each device."""

from dataclasses import dataclass

import numpy as np
from psycopg import Connection

from core.types import to_micros
from db.frontier import Frontier
from db.live_table import LiveTable, Values
from db.records import RECORD


@dataclass
class Seed:
    """What is stored of each device."""

    frontier: Frontier
    live: LiveTable


def read_checkpoint(connection: Connection, stream: str) -> int:
    """The last sequence number of a stream that is stored; 0 where none is."""
    found = connection.execute("SELECT position FROM checkpoint WHERE stream = %s", (stream,)).fetchone()
    return int(found[0]) if found else 0


def read_seed(connection: Connection) -> Seed:
    """Read it."""
    rows: list[tuple[object, ...]] = []
    values: dict[int, Values] = {}
    for device, ts, received, *state, measurements in connection.execute(
        "SELECT device_id, ts, received_at, lat, lon, altitude, speed, heading, measurements FROM latest"
    ):
        known = [float("nan") if value is None else value for value in state]
        rows.append((to_micros(ts), to_micros(received), *known, device))
        if measurements:
            values[device] = {name: (value, int(moment)) for name, (value, moment) in measurements.items()}
    records = np.array(rows, dtype=RECORD)
    seed = dict(zip(records["id"].tolist(), records["ts"].tolist(), strict=True))
    return Seed(Frontier(seed), LiveTable(records, values))
