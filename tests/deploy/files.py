"""What is deployed, read as Docker and Compose read it."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # it publishes no types

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "docker-compose.yml"
DOCKERFILE: Final = ROOT / "deploy" / "Dockerfile"
MAKE_ENV: Final = ROOT / "deploy" / "make_env.sh"

VARIABLE: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:-|:\?)(?P<word>[^}]*))?\}|(?P<bad>))"
)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # its base has no types
    """Compose refuses a file that has a key twice; PyYAML takes the last."""

    def flatten_mapping(self, node: Any) -> None:
        names = [key.value for key, _ in node.value]
        assert len(names) == len(set(names)), f"a key stands twice: {node.start_mark}"
        super().flatten_mapping(node)


def load(text: str) -> dict[str, Any]:
    """A YAML file of one mapping."""
    loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    assert isinstance(loaded, dict)
    return loaded


def interpolate(value: Any, environment: Mapping[str, str]) -> Any:
    """A value of the file and all within it with variables replaced: after reading, as Compose does, so that what was
    set to nothing stays text. Raises KeyError for a variable that is required and not there.
    """
    if isinstance(value, dict):
        return {name: interpolate(member, environment) for name, member in value.items()}
    if isinstance(value, list):
        return [interpolate(member, environment) for member in value]
    return VARIABLE.sub(lambda found: _replace(found, environment), value) if isinstance(value, str) else value


def _replace(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    assert found["bad"] is None, f"a $ that begins no variable: {found.string}"
    if environment.get(found["name"]):
        return environment[found["name"]]
    if found["how"] == ":-":
        return str(found["word"])
    raise KeyError(found["name"])


def required_names(text: str) -> set[str]:
    """The variables without a default."""
    return {found["name"] for found in VARIABLE.finditer(text) if found["name"] and found["how"] != ":-"}


def services() -> dict[str, dict[str, Any]]:
    """Each service as it stands in the file, its variables not replaced."""
    found = load(COMPOSE.read_text())["services"]
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile; `stage` counts the FROMs before it."""

    name: str
    words: list[str]
    stage: int


def instructions() -> Iterator[Instruction]:
    """Those of deploy/Dockerfile, in order."""
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE.read_text()).replace("\\\n", " ")
    stage = -1
    for line in filter(str.strip, text.splitlines()):
        name, _, rest = line.partition(" ")
        stage += name == "FROM"
        yield Instruction(name, shlex.split(rest.replace("[", " ").replace("]", " ").replace(",", " ")), stage)


def copied() -> dict[str, str]:
    """What the image gets from the repository: source, and where it is put."""
    found = {}
    for one in instructions():
        if one.name == "COPY" and not any(word.startswith("--from=") for word in one.words):
            *sources, target = one.words
            for source in sources:
                found[source] = f"{target}{source}" if target.endswith("/") else target
    return found


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps `path` from Docker: the last line that fits it or a folder above it decides."""
    folders = path.split("/")
    ways = {"/".join(folders[: count + 1]) for count in range(len(folders))}
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if any(_pattern(line.removeprefix("!")).fullmatch(way) for way in ways):
            ignored = not line.startswith("!")
    return ignored


def _pattern(line: str) -> re.Pattern[str]:
    expression = re.escape(line).replace(r"\[", "[").replace(r"\]", "]")
    return re.compile(expression.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*"))
