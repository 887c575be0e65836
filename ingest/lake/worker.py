"""A process of its own that writes one segment of the journal into the lake, and drops days that are too old.

Beside the ingest, not within it: decoding again takes as much of the interpreter as decoding did, and pyarrow a
hundred megabytes that are given back this way. Its task comes as JSON by standard input, what it did goes out the
same way. Should it be killed, the task is done again.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from core.errors import WaypostError
from ingest.journal.record import DamagedRecord, Decoder
from ingest.journal.segments import mapped
from ingest.lake.parts import PartWriter
from ingest.lake.place import Lake, scratch_for
from ingest.lake.task import Done, Task
from ingest.mapping import Mapping

_NICE: Final = 10


def perform(task: Task) -> Done:
    """Do it. Raises StartupError, OSError, and what the packages of object stores raise."""
    lake, done = Lake(task.url), Done(damaged=[])
    if task.segment is not None:
        writer = PartWriter(lake, scratch_for(lake, Path(task.data_dir)))
        mapping = Mapping(task.sources, max_ahead_s=task.max_ahead_s)

        def on_damage(damage: DamagedRecord, again_at: int) -> None:
            done.damaged.append(f"{damage}; {again_at - damage.at} bytes")

        for record, _ in Decoder().salvage(mapped(Path(task.segment), task.size), 0, on_damage):
            writer.add(record, mapping.decoder(record.source))
        writer.finish()
        done.rows, done.parts = writer.rows, writer.parts
    if task.keep_days:
        done.removed = lake.remove_before((datetime.now(UTC) - timedelta(days=task.keep_days)).date())
    return done


def main() -> int:
    """Read the task, do it, and say what came of it."""
    os.nice(_NICE)
    try:
        done = perform(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))
    except WaypostError as error:
        done = Done(problem=str(error))
    except Exception as error:  # noqa: BLE001 - an object store may raise anything; it is logged by the one who asked
        done = Done(problem=f"{type(error).__name__}: {error}")
    sys.stdout.buffer.write(msgspec.json.encode(done))
    return 0 if done.problem is None else 1


if __name__ == "__main__":
    sys.exit(main())
