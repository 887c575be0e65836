"""Files of a folder in one: all of them, in their order, none running into the next."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from components.bundle import bundle
from tests.app.process import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "20-b.js": "seen.push('b')",
        "10-a.js": "seen.push('a') // no newline at its end",
        "deep/05-c.js": "(() => seen.push('c'))()\n",
        "other/d.js": "seen.push('d');\n",
        "10-a.css": "a { color: red }",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_files_stand_in_their_order_those_of_a_folder_before_those_of_folders_in_it(folder: Path) -> None:
    made = bundle(folder, "js", without=("other",))
    assert made is not None
    names = [line for line in made.content.splitlines() if line.startswith("/* ")]
    assert names == ["/* 10-a.js */", "/* 20-b.js */", "/* deep/05-c.js */"]
    assert made.name == "waypost.js"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing: scripts were not run")
def test_scripts_run_one_after_the_other_however_each_ends(folder: Path) -> None:
    made = bundle(folder, "js")
    assert made is not None
    script = f"const seen = [];\n{made.content}\nconsole.log(seen.join())"
    ran = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "a,b,c,d\n"


def test_its_version_is_that_of_the_file_changed_last(folder: Path) -> None:
    os.utime(folder / "deep/05-c.js", (4e9, 4e9))
    made = bundle(folder, "js")
    assert made is not None
    assert made.newest == folder / "deep/05-c.js"


def test_where_there_are_none_there_is_no_bundle(tmp_path: Path) -> None:
    assert bundle(tmp_path, "css") is None


def test_styles_stand_at_the_top_as_their_addresses_are_relative_to_there() -> None:
    made = bundle(ROOT / "assets", "css", without=("swagger-ui", "basemap"))
    assert made is not None
    files = [line for line in made.content.splitlines() if line.startswith("/* ") and line.endswith(".css */")]
    assert len(files) > 10
    assert not [name for name in files if "/" in name[3:-3]]
