"""What the ingest must know of the database before it goes on: where it stood, and the newest of each device."""

from dataclasses import dataclass

import numpy as np
from psycopg import Connection

from core.types import to_micros
from db.batch import Frontier
from db.live_table import LiveTable, Values
from db.records import RECORD


@dataclass
class Seed:
    """`checkpoint` is the last sequence number stored of a stream."""

    checkpoint: int
    frontier: Frontier
    live: LiveTable


def read_seed(connection: Connection, stream: str) -> Seed:
    """Read it, in one look at the database so that the parts fit together."""
    rows: list[tuple[object, ...]] = []
    values: dict[int, Values] = {}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found = connection.execute("SELECT position FROM checkpoint WHERE stream = %s", (stream,)).fetchone()
        for device, ts, received, *state, measurements in connection.execute(
            "SELECT device_id, ts, received_at, lat, lon, altitude, speed, heading, measurements FROM latest"
        ):
            known = [float("nan") if value is None else value for value in state]
            rows.append((to_micros(ts), to_micros(received), *known, device))
            if measurements:
                values[device] = {name: (value, int(moment)) for name, (value, moment) in measurements.items()}
    records = np.array(rows, dtype=RECORD)
    seed = dict(zip(records["id"].tolist(), records["ts"].tolist(), strict=True))
    return Seed(found[0] if found else 0, Frontier(seed), LiveTable(records, values))
