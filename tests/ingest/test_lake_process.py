"""The lake of a Waypost that runs: it fills beside the ingest; after kill -9 no record is missing or there twice."""

import json
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from ingest.journal.window import JournalWindow
from tests.app.process import Waypost, free_port, wait_for
from tests.app.test_crash import Publisher


def archived(data: Path) -> int:
    """How far the journal is in the lake."""
    progress = data / "lake.json"
    return int(json.loads(progress.read_text())["archived"]) if progress.exists() else 0


def test_after_kills_every_archived_record_is_in_the_lake_exactly_once(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    before = 0
    with Publisher(port) as publisher:
        # Each start closes the segment of the one before, which then goes to the lake.
        for start in range(3):
            with Waypost(data, SOURCES=f"zmq://127.0.0.1:{port}?source=fleet", LAKE="true") as waypost:
                waypost.ready()
                wait_for("messages to arrive", partial(publisher.has_sent, publisher.sent + 3000))
                if start:
                    wait_for("the lake", lambda before=before: archived(data) > before, 240)  # type: ignore[misc]  # bound now
                waypost.kill()
                waypost.ended()
            before = archived(data)
    window = JournalWindow(data / "journal", 0, 2**62, until=before)
    held = [
        (record.sequence, index, payload)
        for record in window.records(lambda _: None)
        for index, payload in enumerate(record.payloads)
    ]
    table = pq.read_table(data / "lake", columns=["sequence", "payload_index", "payload"])
    found = sorted(tuple(row.values()) for row in table.to_pylist() if row["sequence"] <= before)
    assert len(held) > 3000
    assert found == held
    assert window.damaged == []
