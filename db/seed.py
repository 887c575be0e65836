"""What the ingest must know of the database before it goes on: where it stood, and the newest of each device."""

from dataclasses import dataclass

from psycopg import Connection

from core.types import LiveState, to_micros
from db.batch import POSTGRES_EPOCH, Frontier


@dataclass
class Seed:
    """`checkpoint` is the last sequence number stored of a stream; `states` are by device id."""

    checkpoint: int
    frontier: Frontier
    states: dict[int, LiveState]


def read_seed(connection: Connection, stream: str) -> Seed:
    """Read it, in one look at the database so that the parts fit together."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row = connection.execute("SELECT position FROM checkpoint WHERE stream = %s", (stream,)).fetchone()
        states = {}
        for device, ts, received, lat, lon, altitude, speed, heading, values in connection.execute(
            "SELECT device_id, ts, received_at, lat, lon, altitude, speed, heading, measurements FROM latest"
        ):
            pairs = {name: (pair[0], int(pair[1])) for name, pair in values.items()}
            states[device] = LiveState(to_micros(ts), to_micros(received), lat, lon, altitude, speed, heading, pairs)
    frontier = Frontier(seed={device: state.ts - POSTGRES_EPOCH for device, state in states.items()})
    return Seed(row[0] if row else 0, frontier, states)
