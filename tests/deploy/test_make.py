"""`make up`, `make down` and the passwords: really run, in a copy, with a docker that only notes what it is told."""

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Final

import pytest

from core.settings import PREFIX, Settings
from tests.deploy.files import COMPOSE, MAKE_ENV, ROOT, load, services

NAMES: Final = {PREFIX + name.upper() for name in Settings.model_fields} | set(
    re.findall(r"\$\{(\w+)", COMPOSE.read_text())
)

DOCKER = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/told"
case "$*" in
    "compose version") exit {version} ;;
    *" up "*) exit {up} ;;
    *" port "*) echo 127.0.0.1:8050 ;;
esac
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with what the Makefile needs."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(MAKE_ENV, tmp_path / "deploy")
    return tmp_path


def run(copy: Path, target: str, *, docker: str | None) -> tuple[int, list[str], list[str]]:
    """Exit code, the lines it said, and what docker was told."""
    for name in ("sh", "bash", "dirname", "tr", "head", "rm", "cat", "stat"):
        found = shutil.which(name)
        assert found is not None
        (copy / "bin" / name).unlink(missing_ok=True)
        (copy / "bin" / name).symlink_to(found)
    program = copy / "bin" / "docker"
    program.unlink(missing_ok=True)
    if docker is not None:
        program.write_text(docker)
        program.chmod(0o755)
    make = shutil.which("make")
    assert make is not None
    ran = subprocess.run(
        [make, "-s", target], cwd=copy, env={"PATH": str(copy / "bin")}, capture_output=True, text=True, check=False
    )
    told = copy / "bin" / "told"
    said = [line for line in (ran.stdout + ran.stderr).splitlines() if not line.startswith("make: ***")]
    return ran.returncode, said, told.read_text().splitlines() if told.exists() else []


def test_up_starts_everything_and_says_where(copy: Path) -> None:
    code, said, told = run(copy, "up", docker=DOCKER.format(version=0, up=0))
    assert code == 0
    assert told == [
        "compose version",
        "compose --env-file deploy/.env up -d --build --wait",
        "compose --env-file deploy/.env port waypost 8050",
    ]
    assert said[0] == "Wrote new passwords to deploy/.env"
    assert said[1] == "Open http://127.0.0.1:8050"
    assert said[2].endswith("docker compose --env-file deploy/.env logs waypost")
    _, again, _ = run(copy, "up", docker=DOCKER.format(version=0, up=0))
    assert again == said[1:]


@pytest.mark.parametrize("target", ["up", "down"])
@pytest.mark.parametrize("docker", [None, DOCKER.format(version=1, up=0)])
def test_without_docker_or_compose_it_says_so_in_one_line(copy: Path, target: str, docker: str | None) -> None:
    code, said, _ = run(copy, target, docker=docker)
    assert code != 0
    assert len(said) == 1
    assert said[0].startswith(f"make {target} needs Docker with its compose plugin")
    assert not (copy / "deploy" / ".env").exists()


def test_up_that_fails_says_where_to_look(copy: Path) -> None:
    code, said, _ = run(copy, "up", docker=DOCKER.format(version=0, up=1))
    assert code != 0
    assert said[-1] == "Not everything started; see: docker compose --env-file deploy/.env logs"


def test_down_keeps_the_volumes(copy: Path) -> None:
    code, said, told = run(copy, "down", docker=DOCKER.format(version=0, up=0))
    assert (code, said) == (0, [])
    assert told[-1] == "compose --env-file deploy/.env down"


def test_the_help_lists_both() -> None:
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(r"(?m)^  make up +\S", listed)
    assert re.search(r"(?m)^  make down +\S", listed)
    subprocess.run(["make", "-n", "up"], cwd=ROOT, capture_output=True, check=True)


def test_passwords_are_written_once_and_for_this_user_alone(copy: Path) -> None:
    script = copy / "deploy" / "make_env.sh"
    first = subprocess.run(["sh", script], check=True, capture_output=True, text=True)
    made = copy / "deploy" / ".env"
    text = made.read_text()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    passwords = re.findall(r"(?m)^\w+_PASSWORD=(.*)$", text)
    assert len(passwords) == len(set(passwords)) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9]{40}", password) for password in passwords)  # 238 bits, no URL needs to quote
    assert not any(password in first.stdout + first.stderr for password in passwords)

    second = subprocess.run(["sh", script], check=True, capture_output=True, text=True)
    assert (second.stdout, made.read_text()) == ("", text)

    made.unlink()
    subprocess.run(["sh", script], check=True, capture_output=True)
    assert set(re.findall(r"(?m)^\w+_PASSWORD=(.*)$", made.read_text())).isdisjoint(passwords)


def test_passwords_do_not_reach_git() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    subprocess.run(["git", "check-ignore", "--quiet", "deploy/.env"], cwd=ROOT, check=True)


def test_the_guide_names_what_there_is() -> None:
    guide = (ROOT / "docs" / "deployment.md").read_text()
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"\bmake ([a-z]+)\b", guide)) <= targets
    assert set(re.findall(r"\bdc (?:exec -T|stop|logs) (\w+)", guide)) <= set(services())
    volumes = load(COMPOSE.read_text())["volumes"]
    assert set(re.findall(r"\bwaypost_(\w+)", guide)) == set(volumes)
    assert set(re.findall(r"`((?:WAYPOST|TS_TUNE)_[A-Z_]+)[=`]", guide)) <= NAMES
