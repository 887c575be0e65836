"""The key that signs cookies is made once, read by nobody else, and the same after a restart."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from auth.secret import secret_key
from core.errors import StartupError
from core.settings import Settings


def settings(folder: Path, key: str | None = None) -> Settings:
    return Settings.model_construct(data_dir=folder, secret_key=None if key is None else SecretStr(key))


def test_it_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    made = secret_key(settings(tmp_path / "new"))
    assert len(made) >= 43
    assert secret_key(settings(tmp_path / "new")) == made
    assert secret_key(settings(tmp_path / "other")) != made
    [kept] = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_setting_wins_and_nothing_is_written(tmp_path: Path) -> None:
    assert secret_key(settings(tmp_path / "new", "a" * 16)) == "a" * 16
    assert not (tmp_path / "new").exists()


def test_a_short_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="WAYPOST_SECRET_KEY is shorter"):
        secret_key(settings(tmp_path, "a" * 15))


def test_a_file_without_a_key_is_refused_in_words_that_help(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(StartupError, match="Delete it"):
        secret_key(settings(tmp_path))


def test_a_file_that_cannot_be_read_is_refused_in_words_that_help(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(StartupError, match="WAYPOST_SECRET_KEY"):
        secret_key(settings(tmp_path))
