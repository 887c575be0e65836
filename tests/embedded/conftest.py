"""Data directories that no process is left in."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.embedded import start_embedded
from tests.embedded.processes import processes_of, wait_for


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A directory that does not exist yet. The test fails if a process works in it 10 s after the test."""
    path = tmp_path / "data"
    yield path
    gone = wait_for(lambda: not processes_of(path))
    left = processes_of(path)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert gone, left


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after its first start, to be copied."""
    path = tmp_path_factory.mktemp("prepared") / "data"
    start_embedded(path, valkey=False).stop()
    (path / "postgres.log").unlink()
    return path


@pytest.fixture
def used_dir(prepared: Path, data_dir: Path) -> Path:
    """A data directory that was started once: much faster to start than a new one."""
    subprocess.run(["cp", "-a", str(prepared), str(data_dir)], check=True)  # -a keeps the owners
    return data_dir
