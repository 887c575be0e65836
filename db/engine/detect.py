"""Which engine a database has."""

from sqlalchemy import Connection, text

from db.engine.base import StorageEngine
from db.engine.plain import PlainEngine
from db.engine.timescale import TimescaleEngine


def engine_of(connection: Connection) -> StorageEngine:
    """TimescaleDB where its extension is installed in this database, else plain PostgreSQL."""
    found = connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")).scalar()
    return TimescaleEngine() if found else PlainEngine()
