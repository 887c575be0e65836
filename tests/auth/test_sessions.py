"""A session counts for its user, its time and its password, and for what our own pages ask."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from argon2 import PasswordHasher, extract_parameters
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Connection, Engine, text

from auth import sessions as module
from auth.first_start import hash_token
from auth.roles import ANYONE, Role, Visitor, role_called
from auth.sessions import COOKIE, Sessions, TooManyTries, cookie_of, cookie_settings, from_our_page
from auth.throttle import Throttle
from auth.tokens import Tokens
from db.access import add_token, add_user

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OURS = {"host": "waypost:8050", "origin": "http://waypost:8050"}
ADMIN = Visitor("admin", Role.ADMIN)


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    with engine.begin() as connection:
        add_user(connection, "admin", CHEAP.hash("right"), "admin")
        add_user(connection, "eve", CHEAP.hash("evening"), "viewer")
    return make(engine)


def make(engine: Engine, key: str = "the key of these tests", hours: float = 12) -> Sessions:
    @contextmanager
    def connect() -> Iterator[Connection]:
        with engine.connect() as connection:
            yield connection

    return Sessions(
        connect, key, hours=hours, tokens=Tokens(connect), throttle=Throttle(each=(3, 60), together=(50, 1))
    )


def cookie(sessions: Sessions, name: str = "admin", given: str = "right") -> str:
    session = sessions.sign_in(name, given, "10.0.0.1")
    assert session is not None
    return session.cookie


def asks(sessions: Sessions, value: str, *, changing: bool = True, **headers: str) -> Visitor:
    return sessions.visitor({"cookie": f"theme=dark; {COOKIE}={value}"} | OURS | headers, changing=changing)


def test_who_signs_in_is_known_by_the_cookie_with_the_role_of_now(sessions: Sessions, engine: Engine) -> None:
    value = cookie(sessions)
    assert asks(sessions, value) == ADMIN
    assert asks(sessions, cookie(sessions, "eve", "evening")) == Visitor("eve", Role.VIEWER)
    with engine.begin() as connection:
        connection.execute(text("UPDATE app_user SET role = 'analyst' WHERE name = 'admin'"))
    assert asks(sessions, value).role is Role.ANALYST


def test_roles_may_what_those_before_them_may() -> None:
    assert [Visitor("a", Role.ANALYST).may(role) for role in Role] == [True, True, False]
    assert role_called("captain") is Role.VIEWER


@pytest.mark.parametrize("name, password", [("admin", "wrong"), ("admin", ""), ("nobody", "right"), ("eve", "right"),
                                            ("\0", "right"), ("admin", "right" * 400)])  # fmt: skip
def test_what_does_not_go_together_is_no_session(sessions: Sessions, name: str, password: str) -> None:
    assert sessions.sign_in(name, password, "10.0.0.1") is None


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    assert extract_parameters(module._NOBODY) == extract_parameters(PasswordHasher().hash("x"))


def test_after_some_wrong_passwords_even_the_right_one_has_to_wait(sessions: Sessions) -> None:
    for _ in range(3):
        assert sessions.sign_in("admin", "wrong", "10.0.0.1") is None
    with pytest.raises(TooManyTries, match=r"Try again in \d+ s\.") as waiting:
        sessions.sign_in("admin", "right", "10.0.0.1")
    assert 50 < waiting.value.wait_s <= 60
    assert sessions.sign_in("admin", "right", "10.0.0.2") is not None


def test_the_cookie_tells_neither_the_password_nor_its_hash(sessions: Sessions, engine: Engine) -> None:
    value = cookie(sessions)
    body = base64.urlsafe_b64decode(value.partition(".")[0] + "==").decode(errors="replace")
    with engine.connect() as connection:
        password_hash = connection.execute(text("SELECT password_hash FROM app_user WHERE name = 'admin'")).scalar_one()
    assert "right" not in body
    assert not any(part in body for part in str(password_hash).split("$")[3:])


def test_a_cookie_that_was_tampered_with_is_nobody(sessions: Sessions, engine: Engine) -> None:
    value = cookie(sessions)
    head, _, rest = value.partition(".")
    for at in range(0, len(value), 7):
        other = "A" if value[at] != "A" else "B"
        assert asks(sessions, value[:at] + other + value[at + 1 :]) == ANYONE
    eve = cookie(sessions, "eve", "evening")
    assert asks(sessions, head + "." + eve.partition(".")[2]) == ANYONE
    assert asks(sessions, eve.partition(".")[0] + "." + rest) == ANYONE
    assert asks(make(engine, "another key altogether"), value) == ANYONE
    for made_up in ("", ".", "..", "a.b.c", "é", "x" * 100_000):
        assert asks(sessions, made_up) == ANYONE


@pytest.mark.parametrize("claim", [1, [1], {"a": 1}, [1, 2, 3], ["1", "x"], [10**6, "x"], [None, None], "admin"])
def test_a_claim_of_another_shape_is_nobody(sessions: Sessions, claim: object) -> None:
    assert asks(sessions, str(sessions._signer.dumps(claim))) == ANYONE


def test_what_was_signed_with_the_same_key_for_something_else_does_not_count(sessions: Sessions) -> None:
    other = URLSafeTimedSerializer("the key of these tests", salt="something else")
    claim = sessions._signer.loads(cookie(sessions))
    assert asks(sessions, str(other.dumps(claim))) == ANYONE


def test_it_ends_with_its_time(sessions: Sessions, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    value = cookie(sessions)
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 12 * 3600 - 5)
    assert asks(sessions, value) == ADMIN
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 12 * 3600 + 5)
    assert asks(sessions, value) == ANYONE


def test_it_ends_when_the_password_changes_or_the_user_goes(sessions: Sessions, engine: Engine) -> None:
    value, eve = cookie(sessions), cookie(sessions, "eve", "evening")
    with engine.begin() as connection:
        new = {"hash": CHEAP.hash("right")}  # even where it is the same password again
        connection.execute(text("UPDATE app_user SET password_hash = :hash WHERE name = 'admin'"), new)
        connection.execute(text("DELETE FROM app_user WHERE name = 'eve'"))
    assert asks(sessions, value) == ANYONE
    assert asks(sessions, eve) == ANYONE
    assert asks(sessions, cookie(sessions)) == ADMIN


@pytest.mark.parametrize(
    "headers, counts",
    [
        ({"origin": "http://waypost:8050"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "http://waypost:9999", "sec-fetch-site": "same-origin"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
    ],
)
def test_to_change_something_the_request_must_come_from_our_page(
    sessions: Sessions, headers: dict[str, str], counts: bool
) -> None:
    given = {"cookie": f"{COOKIE}={cookie(sessions)}", "host": "waypost:8050"} | headers
    assert from_our_page(given) is counts
    assert sessions.visitor(given, changing=True) == (ADMIN if counts else ANYONE)
    assert sessions.visitor(given, changing=False) == ADMIN


def test_a_token_with_the_scope_admin_is_an_admin_wherever_it_comes_from(sessions: Sessions, engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "admin", hash_token("for admins"), ["admin"])
        add_token(connection, "collector", hash_token("for devices"), ["ingest"])
    assert sessions.visitor({"authorization": "Bearer for admins"}, changing=True).may(Role.ADMIN)
    assert sessions.visitor({"authorization": "Bearer for devices"}, changing=True) == ANYONE
    assert sessions.visitor({"authorization": "Bearer made up"}, changing=True) == ANYONE


@pytest.mark.parametrize(
    "header, found",
    [
        (f"{COOKIE}=abc", "abc"),
        (f"a=b; {COOKIE}=abc; c=d", "abc"),
        (f"{COOKIE}=abc; {COOKIE}=def", None),
        (f"x{COOKIE}=abc", None),
        (f"{COOKIE}=", None),
        ("", None),
    ],
)
def test_the_cookie_of_a_request(header: str, found: str | None) -> None:
    assert cookie_of({"cookie": header} if header else {}) == found


def test_how_the_cookie_is_set() -> None:
    kept = {"max_age": 60, "path": "/", "httponly": True, "samesite": "lax"}
    assert cookie_settings(60, https=False) == kept | {"secure": False}
    assert cookie_settings(60, https=True) == kept | {"secure": True}
