"""Which engine a database has."""

from sqlalchemy import Connection, text

from db.engine.base import StorageEngine
from db.engine.plain import PlainEngine
from db.engine.timescale import TimescaleEngine


def engine_of(connection: Connection) -> StorageEngine:
    """The engine that the tables were made with; without tables, TimescaleDB where its extension is installed.

    An extension that is installed later does not change tables that are there.
    """
    partitioned = connection.execute(text("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('position')"))
    if partitioned.scalar():
        return PlainEngine()
    found = connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")).scalar()
    return TimescaleEngine() if found else PlainEngine()
