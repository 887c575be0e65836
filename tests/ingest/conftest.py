"""What ingest tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from tests.ingest.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, database_url: URL, engine: Engine, redis_url: str) -> Iterator[Bench]:
    """A bench on an empty database."""
    made = Bench(tmp_path / "journal", database_url, engine, redis_url)
    yield made
    made.pipeline.close()
    made.journal.close()
