"""deploy/Dockerfile and .dockerignore: that the image holds what Waypost needs, and no more."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from core.settings import PREFIX, Settings
from tests.deploy.files import ROOT, copied, instructions, is_ignored

LAST: Final = max(one.stage for one in instructions())


def words(name: str) -> list[list[str]]:
    """Those of each instruction of this name in the stage that becomes the image."""
    return [one.words for one in instructions() if one.name == name and one.stage == LAST]


def imported() -> set[str]:
    """The files and folders at the root that `app.py` comes to import, and those it names by path."""
    seen: set[str] = set()
    waiting = [ROOT / "app.py"]
    while waiting:
        path = waiting.pop()
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in (name.partition(".")[0] for name in names):
                if name not in seen and (ROOT / name / "__init__.py").exists():
                    seen.add(name)
                    waiting += (ROOT / name).rglob("*.py")
    return seen | {"app.py"} | set(re.findall(r'ROOT / "([^"]+)"', (ROOT / "app.py").read_text()))


def test_its_base_is_pinned_and_one() -> None:
    bases = {one.words[0] for one in instructions() if one.name == "FROM"}
    assert len(bases) == 1  # the virtual environment points into the base that made it
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim-[a-z]+", bases.pop())


def test_it_has_stages_and_the_pinned_requirements() -> None:
    assert LAST >= 1
    installed = [" ".join(one.words) for one in instructions() if one.name == "RUN" and "pip" in " ".join(one.words)]
    assert len(installed) == 1
    assert "-r requirements.txt" in installed[0]
    assert "requirements.txt" in copied()


def test_it_runs_as_a_named_user_that_is_not_root() -> None:
    user = words("USER")[-1][0]
    assert user == "1000:1000"
    ran = " ".join(word for line in words("RUN") for word in line)
    assert re.search(r"useradd --uid 1000 .*\bwaypost\b", ran)


def test_what_it_copies_is_there_and_reaches_docker() -> None:
    for source in copied():
        assert (ROOT / source).exists(), source
        assert not is_ignored(source), source


def test_everything_that_waypost_imports_is_copied() -> None:
    assert {"core", "db", "pages", "assets"} <= imported()
    assert imported() <= set(copied())


def test_nothing_reaches_docker_that_is_not_copied() -> None:
    reach = {path.name for path in ROOT.iterdir() if not is_ignored(path.name)}
    assert reach == set(copied())


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        ".waypost/secret",
        "tests/conftest.py",
        ".env",
        "deploy/.env",
        "bench/x.py",
        "core/__pycache__/log.cpython-313.pyc",
        "db/queries/__pycache__/a.pyc",
        ".mypy_cache/x",
        "docs/api.md",
    ],
)
def test_this_stays_out(path: str) -> None:
    assert is_ignored(path)


@pytest.mark.parametrize(
    "path", ["app.py", "db/migrations/env.py", "assets/basemap/land-50m.json", "pages/live/page.py"]
)
def test_this_gets_in(path: str) -> None:
    assert not is_ignored(path)


def test_waypost_can_be_imported_from_what_is_copied(tmp_path: Path) -> None:
    for source, target in copied().items():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
        elif source != "requirements.txt":
            shutil.copy(ROOT / source, tmp_path / target)
    code = "import app, pathlib; print(pathlib.Path(app.__file__).parent, (app.ROOT / 'pages').is_dir())"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert ran.stdout.split() == [str(tmp_path), "True"], ran.stderr


def test_what_it_sets_are_settings_and_agrees_with_the_rest() -> None:
    env = dict(word.split("=", 1) for line in words("ENV") for word in line)
    for name in env:
        assert not name.startswith(PREFIX) or name.removeprefix(PREFIX).lower() in Settings.model_fields, name
    assert env["PYTHONUNBUFFERED"] == "1"
    assert env["WAYPOST_HOST"] == "0.0.0.0"
    assert words("VOLUME") == [[env["WAYPOST_DATA_DIR"]]]
    assert words("EXPOSE") == [[str(Settings.model_fields["port"].default)]]
    assert words("ENTRYPOINT") == [["python", "app.py"]]
    assert "WAYPOST_ALLOW_ANONYMOUS" not in env  # to be said by whoever publishes the port
    assert len(words("HEALTHCHECK")) == 1
