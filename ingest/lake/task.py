"""What the process that writes the lake is told, and what it answers. Light to import, unlike what does the work."""

import msgspec


class Task(msgspec.Struct):
    """`segment` is the path of a segment, of which `size` bytes count; None: only drop days.

    Days of receipt that ended more than `keep_days` ago go; 0: none does. `sources` are the URLs that say how each
    source is read. The lake is at `url`; what is on its way there may stand in `data_dir`.
    """

    url: str
    data_dir: str
    sources: list[str]
    max_ahead_s: int
    segment: str | None = None
    size: int = 0
    keep_days: int = 0


class Done(msgspec.Struct):
    """What came of a task: rows and parts written, parts removed; each damage that was skipped; or why it failed."""

    rows: int = 0
    parts: int = 0
    removed: int = 0
    damaged: list[str] = []
    problem: str | None = None
