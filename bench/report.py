"""How results are kept: JSON to compare by, and a table to read."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_QUIET = 0.5
"""A load below this is the machine's own."""


@dataclass
class Result:
    """Rows of a table under `columns`, with what they mean and the machine's size."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write(name: str, result: Result, load: float) -> str:
    """Write both files; the table comes back. `load` is how many processes wanted a core before it began."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    widths = [max(len(row[i]) for row in [list(result.columns), *result.rows]) for i in range(len(result.columns))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    table = [line(result.columns), line(["-" * width for width in widths]), *map(line, result.rows)]
    notes = [f"- {note}" for note in result.notes]
    shared = f"Other work shared the cores: the load was {load:.1f} before it began." if load >= _QUIET else ""
    text = "\n".join([f"# {result.title}", "", f"{when}, {machine}. {shared}".rstrip(), "", *table, "", *notes, ""])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text)
    kept = {"date": when, "machine": machine, "load_before": round(load, 1)} | asdict(result)
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n")
    return text
