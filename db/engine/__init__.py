"""The storage engine: how a table of rows over time is kept. One interface, two engines, the same names and columns."""

from db.engine.base import StorageEngine
from db.engine.detect import engine_of
from db.engine.plain import PlainEngine
from db.engine.timescale import TimescaleEngine

__all__ = ["PlainEngine", "StorageEngine", "TimescaleEngine", "engine_of"]
