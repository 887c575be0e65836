"""Settings: defaults, what is refused and how, and that the docs list every one."""

import os
import re
from pathlib import Path

import pytest

from core.errors import StartupError
from core.settings import PREFIX, Settings, load, unknown_names

DOCS = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set, and there is no .env."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_anything_set_it_is_the_demo_on_this_machine_alone() -> None:
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.1", 8050)
    assert settings.demo
    assert settings.source_urls() == []
    assert settings.database_url is None
    assert settings.redis_url is None
    assert settings.admin_password is None
    assert not settings.allow_anonymous


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("TICK_MS", "0"),
        ("ALLOW_ANONYMOUS", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("STOPPED_BELOW", "-0.1"),
        ("MAX_AHEAD_S", "1e99"),
        ("JOURNAL_MAX_MB", "1.5"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_with_its_name_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(StartupError) as caught:
        load()
    line = str(caught.value)
    assert line.startswith(f"{PREFIX}{name} is not usable: ")
    assert repr(value) in line
    assert "\n" not in line


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - {"sources"}))
def test_empty_means_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), "")
    assert load() == Settings()
    assert getattr(load(), name) == Settings.model_fields[name].get_default()


def test_sources_set_to_nothing_is_the_collector_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_SOURCES", "")
    assert not load().demo
    assert load().source_urls() == []


def test_sources_are_parted_by_spaces_or_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_SOURCES", "zmq://a:1, zmq://b:2\nzmq://c:3")
    assert load().source_urls() == ["zmq://a:1", "zmq://b:2", "zmq://c:3"]


def test_words_are_understood_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_LOG_LEVEL", "WARNING")
    assert load().log_level == "warning"


def test_the_environment_outweighs_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WAYPOST_PORT=9000\nWAYPOST_HOST=::1\n")
    monkeypatch.setenv("WAYPOST_PORT", "9001")
    assert (load().host, load().port) == ("::1", 9001)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_ADMIN_PASSWORD", "hunter2")
    monkeypatch.setenv("WAYPOST_SECRET_KEY", "hunter2")
    monkeypatch.setenv("WAYPOST_INGEST_TOKEN", "hunter2")
    assert "hunter2" not in repr(load())


def test_names_that_are_no_setting_are_found_in_the_environment_and_the_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("WAYPOST_HSOT=::\nOTHER=1\nWAYPOST_HOST=::1\n")
    monkeypatch.setenv("WAYPOST_PROT", "1")
    monkeypatch.setenv("WAYPOST_PORT", "1")
    monkeypatch.setenv("WAYPOST_TEST_CHROMIUM", "1")
    assert unknown_names() == ["WAYPOST_HSOT", "WAYPOST_PROT"]


def test_a_rollup_that_would_die_before_its_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_KEEP_RAW_DAYS", "30")
    monkeypatch.setenv("WAYPOST_KEEP_MINUTE_DAYS", "7")
    with pytest.raises(StartupError, match="keep_minute_days is 7, but must be 0 or at least keep_raw_days"):
        load()


def test_the_docs_list_every_setting_with_its_default_and_no_other() -> None:
    rows = dict(re.findall(r"^\| `(WAYPOST_\w+)` \| (.*?) \|", DOCS.read_text(), re.MULTILINE))
    assert set(rows) == {PREFIX + name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        if default not in {None, ""}:
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert f"`{shown}`" in rows[PREFIX + name.upper()], name


def test_every_setting_says_what_it_changes() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
