"""The first start makes an admin and a token, once, and keeps their hashes alone."""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from pydantic import SecretStr
from sqlalchemy import Engine, text

from auth.first_start import FirstSecrets, hash_token, make_first_secrets
from core.settings import Settings
from db.access import add_token, all_tokens


@pytest.fixture(autouse=True)
def _cheap_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is meant to be slow; one test with the real parameters is enough."""
    if "real_hashes" not in request.fixturenames:
        cheap = functools.partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr("auth.first_start.PasswordHasher", cheap)


@pytest.fixture
def real_hashes() -> None:
    """Ask for it to have them."""


def settings(**given: object) -> Settings:
    return Settings.model_construct(**(Settings.model_construct().model_dump() | given))


def made(engine: Engine, **given: object) -> FirstSecrets:
    secrets = make_first_secrets(engine, settings(**given))
    assert secrets is not None
    return secrets


def password_hash(engine: Engine) -> str:
    with engine.connect() as connection:
        name, role, found = connection.execute(text("SELECT name, role, password_hash FROM app_user")).one()
    assert (name, role) == ("admin", "admin")
    return str(found)


def test_the_password_and_the_token_that_were_shown_are_those_that_count(engine: Engine) -> None:
    secrets = made(engine)
    assert PasswordHasher().verify(password_hash(engine), secrets.admin_password)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(password_hash(engine), secrets.admin_password + "x")
    with engine.connect() as connection:
        assert all_tokens(connection) == {hash_token(secrets.ingest_token): {"ingest"}}


def test_only_hashes_are_kept(engine: Engine, real_hashes: None) -> None:
    secrets = made(engine, admin_password=SecretStr("correct horse"), ingest_token=SecretStr("battery staple"))
    assert password_hash(engine).startswith("$argon2id$v=19$m=65536,t=3,")
    with engine.connect() as connection:
        rows = str(connection.execute(text("SELECT u::text, t::text FROM app_user u, api_token t")).all())
    assert secrets.admin_password not in rows
    assert secrets.ingest_token not in rows


def test_settings_set_them(engine: Engine) -> None:
    secrets = made(engine, admin_password=SecretStr("correct horse"), ingest_token=SecretStr("battery staple"))
    assert secrets == FirstSecrets("correct horse", "battery staple")
    assert PasswordHasher().verify(password_hash(engine), "correct horse")
    with engine.connect() as connection:
        assert all_tokens(connection) == {hash_token("battery staple"): {"ingest"}}


def test_set_to_nothing_is_not_set(engine: Engine) -> None:
    secrets = made(engine, admin_password=SecretStr(""), ingest_token=SecretStr(""))
    assert len(secrets.admin_password) >= 16
    assert len(secrets.ingest_token) >= 32


def test_they_are_made_once(engine: Engine) -> None:
    first = made(engine)
    assert make_first_secrets(engine, settings(admin_password=SecretStr("another"))) is None
    assert PasswordHasher().verify(password_hash(engine), first.admin_password)


def test_nobody_gets_the_same_ones(engine: Engine) -> None:
    found = []
    for _ in range(2):
        found.append(made(engine))
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM app_user"))
    assert found[0].admin_password != found[1].admin_password
    assert found[0].ingest_token != found[1].ingest_token


def test_two_that_start_at_once_make_one_admin(engine: Engine) -> None:
    at_once = threading.Barrier(3)

    def start(_: int) -> FirstSecrets | None:
        at_once.wait(20)
        return make_first_secrets(engine, settings())

    with ThreadPoolExecutor(3) as pool:
        secrets = [found for found in pool.map(start, range(3)) if found is not None]
    assert len(secrets) == 1
    assert PasswordHasher().verify(password_hash(engine), secrets[0].admin_password)


def test_an_error_halfway_leaves_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "taken", hash_token("taken"), [])
    with pytest.raises(Exception, match="api_token_token_hash_key"):
        make_first_secrets(engine, settings(ingest_token=SecretStr("taken")))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM app_user")).scalar() == 0
    assert make_first_secrets(engine, settings()) is not None
