"""Questions to the lake: the answers, how they are written, and that nothing is ever written to the lake."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from app import main
from tests.ingest.lakes import DAY, MIDNIGHT, Bay

DOCS = Path(__file__).resolve().parents[2] / "docs" / "lake.md"


@pytest.fixture
def bay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bay]:
    """A lake with three messages on two days; the command line finds it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYPOST_DATA_DIR", str(tmp_path / "data"))
    made = Bay(tmp_path / "data")
    made.put({"device_id": "a", "ts": 1790000000, "speed": 10, "fuel": 3}, {"device_id": "b", "speed": 20}, source="7")
    made.put({"device_id": "a", "speed": 30}, at=MIDNIGHT + DAY)
    made.archived()
    yield made
    made.close()


def test_an_answer_is_a_table_at_the_terminal(bay: Bay, capfd: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["lake", "query", "SELECT source, day, max(speed) AS fastest FROM messages GROUP BY ALL ORDER BY 1"]) == 0
    )
    shown = capfd.readouterr().out
    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.splitlines() if "2026-11" in line]
    assert lines == [["7", "2026-11-23", "20.0"], ["test", "2026-11-24", "30.0"]]
    assert "fastest" in shown


def test_an_answer_is_written_as_csv_json_or_parquet(
    bay: Bay, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sql = "SELECT device_id, speed, ts FROM messages WHERE device_id = 'a' ORDER BY speed"
    assert main(["lake", "query", sql, "--format", "csv"]) == 0
    assert capfd.readouterr().out.splitlines()[:2] == ["device_id,speed,ts", "a,10.0,2026-09-21 14:13:20+00"]
    assert main(["lake", "query", sql + ";", "--format", "json"]) == 0
    assert [json.loads(line)["speed"] for line in capfd.readouterr().out.splitlines()] == [10.0, 30.0]
    assert main(["lake", "query", sql, "--format", "parquet", "--out", "out.parquet"]) == 0
    assert pq.read_table("out.parquet").column("speed").to_pylist() == [10.0, 30.0]
    assert main(["lake", "query", sql, "--out", "out.csv"]) == 0
    assert Path("out.csv").read_text().startswith("device_id,speed,ts\na,10.0")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out.csv", "out.parquet"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["SELECT nothing FROM messages"], "nothing"),
        (["SELECT 1 FROM nowhere"], "nowhere"),
        (["SELEKT"], "syntax error"),
        ([""], "The lake is only read"),
        (["SELECT 1; SELECT 2"], "The lake is only read"),
        (["CREATE TABLE x (y int)"], "The lake is only read"),
        (["COPY messages TO 'x.csv'"], "The lake is only read"),
        (["SELECT 1", "--format", "parquet"], "--out FILE"),
        (["SELECT 1", "--out", "data/lake/day=2026-11-23/x.csv"], "is in the lake"),
        (["SELECT 1", "--out", "no/such/folder.csv"], "no/such"),
    ],
)
def test_what_has_no_answer_is_said_in_a_line_and_changes_nothing(
    bay: Bay, arguments: list[str], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = bay.files()
    assert main(["lake", "query", *arguments]) == 1
    said = capfd.readouterr().err
    assert said.startswith("waypost: ")
    assert says in said
    assert bay.files() == before
    assert not Path("x.csv").exists()


def test_a_lake_that_holds_nothing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAYPOST_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    assert main(["lake", "query", "SELECT 1"]) == 1
    assert "holds nothing yet" in capfd.readouterr().err
    assert main(["lake", "list"]) == 0
    assert capfd.readouterr().out.startswith("0 rows in 0 bytes")
    assert not (tmp_path / "none").exists()


def test_the_list_names_days_and_sources_with_rows_and_bytes(bay: Bay, capfd: pytest.CaptureFixture[str]) -> None:
    (bay.folder / "day=2026-11-23" / "source=7" / "part-00000000000000000009.parquet").write_bytes(b"no parquet, this")
    assert main(["lake", "list"]) == 0
    head, first, second, total = capfd.readouterr().out.splitlines()
    sizes = [sum(len(data) for path, data in bay.files().items() if day in path) for day in ("11-23", "11-24")]
    assert head.split() == ["day", "parts", "rows", "bytes", "source"]
    assert first.split() == ["2026-11-23", "2", "2", f"{sizes[0]:,}", "7", "(1", "parts", "cannot", "be", "read)"]
    assert second.split() == ["2026-11-24", "1", "1", f"{sizes[1]:,}", "test"]
    assert total == f"3 rows in {sum(sizes):,} bytes at {bay.folder}"


def test_the_questions_in_the_docs_have_answers(bay: Bay, capfd: pytest.CaptureFixture[str]) -> None:
    questions = re.findall(r'lake query "(.*?)"', DOCS.read_text(), re.DOTALL)
    assert len(questions) == 3
    for sql in questions:
        assert main(["lake", "query", sql]) == 0, capfd.readouterr().err
    [by_hand] = re.findall(r"```sql\n.*?(SELECT .*?);", DOCS.read_text(), re.DOTALL)
    with duckdb.connect() as connection:
        found = connection.execute(by_hand.replace(".waypost/lake", str(bay.folder))).fetchall()
    assert len(found) == 3


def test_others_read_it_as_the_docs_say(bay: Bay) -> None:
    """pandas by itself, and DuckDB without Waypost."""
    frame = pd.read_parquet(bay.folder, filters=[("day", "=", "2026-11-23")])
    assert sorted(frame["speed"]) == [10.0, 20.0]
    asked = f"SELECT values['fuel'] FROM read_parquet('{bay.folder}/*/*/*.parquet') WHERE source = '7' AND speed < 15"
    with duckdb.connect() as connection:
        assert connection.execute(asked).fetchall() == [(3.0,)]
