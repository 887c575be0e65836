"""Recordings for tests of storage: decoded, stored by the real writer, and the same file as a table of pandas."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.types import Message, to_micros
from core.units import speed_factor
from db.batch import Tally
from ingest.decoders.native import NativeDecoder
from simulate.recording import DATA
from tests.conftest import SHARED
from tests.db.conftest import Storing

NOW = to_micros(pd.Timestamp("2026-11-22T12:00:00Z").to_pydatetime())


def recording(name: str) -> Path:
    """The file, of this repository or from beside it; the test is skipped, and says so, where it is not there."""
    for folder in (DATA, SHARED / "data"):
        if (path := folder / f"{name}.ndjson.gz").exists():
            return path
    pytest.skip(f"the recording {name} is not here: this test did NOT run")


def messages_of(path: Path, *, speed: str = "m/s") -> list[Message]:
    """All messages of a recording; none is refused."""
    found = NativeDecoder(speed=speed).decode(gzip.decompress(path.read_bytes()).splitlines(), NOW)
    assert found.refused == []
    return found.messages


def store(storing: Storing, messages: list[Message], *, batch: int = 5000) -> Tally:
    """Store them in batches, in their order; the account of all."""
    tallies = [storing.store(messages[start : start + batch]) for start in range(0, len(messages), batch)]
    columns = zip(*((t.received, t.stored, t.duplicate, t.quarantined) for t in tallies), strict=True)
    return Tally(*map(sum, columns))


def table_of(path: Path, *, speed: str = "m/s") -> pd.DataFrame:
    """device, ts, lat, lon, speed in m/s: read by pandas alone, a row a moment of a device, later values winning.

    Speeds are what a real can hold of them.
    """
    read = pd.read_json(path, lines=True, precise_float=True)
    read["ts"] = pd.to_datetime(read["ts"], utc=True, format="ISO8601")
    read["speed"] = (read["speed"] * speed_factor(speed)).astype(np.float32).astype(np.float64)
    merged = read.rename(columns={"device_id": "device"}).groupby(["device", "ts"])[["lat", "lon", "speed"]].last()
    return merged.reset_index().sort_values(["ts", "device"], ignore_index=True)


def decimal(real: float) -> float:
    """The shortest decimal that is this real: what the database answers."""
    return float(str(np.float32(real)))
