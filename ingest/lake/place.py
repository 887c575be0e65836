"""Where the lake is: a folder, or anything that fsspec reaches by URL."""

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import fsspec

from core.errors import StartupError
from core.settings import Settings
from ingest.journal.segments import sync_directory
from ingest.lake.layout import PATTERN, Part, parse_part

_LOCAL: Final = frozenset({"file", "local"})


def lake_url(settings: Settings) -> str:
    """Where the settings put the lake; a folder as an absolute path."""
    url = settings.lake_url
    if url is None:
        return str(Path(settings.data_dir).expanduser().resolve() / "lake")
    return url if "://" in url else str(Path(url).expanduser().resolve())


class Lake:
    """Reads and writes parts. Raises StartupError where nothing reaches its URL; others pass on what fsspec raises.

    OSError in most cases; the packages of object stores have errors of their own.
    """

    def __init__(self, url: str) -> None:
        try:
            self.fs, self.root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise StartupError(
                f"WAYPOST_LAKE_URL is {shown(url)}, which cannot be reached: {error}."
                " Install the package that fsspec names, or correct the URL."
            ) from None
        self.root = self.root.rstrip("/")
        self.url = url
        protocols = self.fs.protocol if isinstance(self.fs.protocol, tuple) else (self.fs.protocol,)
        self.is_local = not _LOCAL.isdisjoint(protocols)

    def parts(self) -> list[Part]:
        """All parts, by day and source, in the order of their records."""
        found = self.fs.glob(f"{self.root}/{PATTERN}", detail=True)
        parts = (parse_part(path, int(entry["size"] or 0)) for path, entry in found.items())
        return sorted((part for part in parts if part is not None), key=lambda p: (p.day, p.source, p.first, p.path))

    def open(self, path: str) -> Any:
        """A part (its path below the root) to read from."""
        return self.fs.open(f"{self.root}/{path}", "rb")

    def has(self, path: str) -> bool:
        """Whether this part is there."""
        return bool(self.fs.exists(f"{self.root}/{path}"))

    def put(self, file: Path, path: str) -> None:
        """Move `file` to `path` below the root: readers see all of it or nothing, whenever this is cut off.

        In a folder by renaming, so `file` must be on the same file system; elsewhere it is uploaded, which object
        stores make visible at its end.
        """
        target = f"{self.root}/{path}"
        if self.is_local:
            folder = Path(target).parent
            folder.mkdir(parents=True, exist_ok=True)
            file.replace(target)
            for made in (folder, folder.parent, folder.parent.parent):
                sync_directory(made)
        else:
            self.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            self.fs.put_file(str(file), target)
            file.unlink()

    def remove_before(self, day: date) -> int:
        """Remove the parts of all days before `day`; how many there were."""
        old = [part for part in self.parts() if part.day < day]
        for part in old:
            self.fs.rm_file(f"{self.root}/{part.path}")
        if self.is_local:
            for name in {part.path.partition("/")[0] for part in old}:
                shutil.rmtree(f"{self.root}/{name}", ignore_errors=True)
        return len(old)


def scratch_for(lake: Lake, data_dir: Path) -> Path:
    """A new folder for parts that are being written: beside a local lake's, so that they can be renamed.

    What others left is removed. One that still runs, after its parent was killed, then fails: nothing of it can get
    into the lake any more.
    """
    folder = Path(lake.root) / ".tmp" if lake.is_local else data_dir / "lake-upload"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Path(tempfile.mkdtemp(dir=folder))


def sync_file(path: Path) -> None:
    """Make the bytes of a file survive a crash."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def shown(url: str) -> str:
    """A URL without its user, password and options."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
