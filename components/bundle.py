"""Our own scripts and styles as one file each, so that a browser that opens a page asks for two instead of ninety."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Kind = Literal["js", "css"]
MEDIA_TYPES: Final[dict[Kind, str]] = {"js": "text/javascript", "css": "text/css"}


@dataclass(frozen=True, slots=True)
class Bundle:
    """All files of a kind in one. `newest` is the file that was changed last: its time is the version of all."""

    kind: Kind
    content: str
    newest: Path

    @property
    def name(self) -> str:
        """Its path below /assets/; it stands at the top, as the styles' addresses are relative to there."""
        return f"waypost.{self.kind}"


def bundle(folder: Path, kind: Kind, *, without: Collection[str] = ()) -> Bundle | None:
    """The files of `kind` in `folder` and below, in the order in which Dash would name them; None where there are none.

    `without` are names of folders that are no part of it. Each file keeps its lines, under a line with its name.
    """
    paths = list(_files(folder, kind, without))
    if not paths:
        return None
    # A file that ends in the middle of a line, or without a semicolon, must not reach into the next.
    end = "\n;\n" if kind == "js" else "\n"
    parts = (f"/* {path.relative_to(folder).as_posix()} */\n{path.read_text('utf-8')}{end}" for path in paths)
    return Bundle(kind, "".join(parts), max(paths, key=lambda path: path.stat().st_mtime))


def _files(folder: Path, kind: Kind, without: Collection[str]) -> Iterator[Path]:
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in without)
        yield from (Path(current, name) for name in sorted(names) if name.endswith(f".{kind}"))
