"""Signing in and out by HTTP: the cookie, what it opens, and what it costs to guess."""

from collections.abc import Iterator

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from db.access import add_user
from tests.api.conftest import Client, make_api

SESSION = "/api/v1/session"
AGAIN = "/api/v1/quarantine/again"
GROUP = {"source": "buses", "reason": "no device"}
OURS = {"origin": "http://localhost:8050"}


@pytest.fixture
def client(engine: Engine, redis_url: str) -> Iterator[Client]:
    """An API of its own, so that tries of one test are not counted in another."""
    with engine.begin() as connection:
        add_user(connection, "admin", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("right"), "admin")
    made = Client(make_api(engine, redis_url, session_hours=2))
    yield made
    made.close()


def sign_in(client: Client, given: str = "right", url: str = SESSION) -> httpx.Response:
    return client("POST", url, json={"user": "admin", "password": given}, headers=OURS)


def test_the_cookie_is_read_by_no_script_sent_to_no_other_site_and_ends(client: Client) -> None:
    answer = sign_in(client)
    assert answer.json() == {"user": "admin", "role": "admin"}
    flags = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]]
    assert sorted(flags) == ["httponly", "max-age=7200", "path=/", "samesite=lax"]
    by_https = sign_in(client, url=f"https://localhost:8050{SESSION}")
    assert "secure" in by_https.headers["set-cookie"].lower()


def test_a_session_opens_what_admins_may_until_it_is_given_back(client: Client) -> None:
    assert client.get(SESSION).json() == {"user": None, "role": "viewer"}
    assert client("POST", AGAIN, json=GROUP, headers=OURS).status_code == 401
    sign_in(client)
    assert client.get(SESSION).json() == {"user": "admin", "role": "admin"}
    assert client("POST", AGAIN, json=GROUP, headers=OURS).json() == {"asked": 0}
    away = client("DELETE", SESSION, headers=OURS)
    assert away.status_code == 204
    assert "max-age=0" in away.headers["set-cookie"].lower()
    assert client.get(SESSION).json() == {"user": None, "role": "viewer"}
    assert client("POST", AGAIN, json=GROUP, headers=OURS).status_code == 401


def test_a_cookie_alone_changes_nothing_where_no_page_of_ours_asks(client: Client) -> None:
    sign_in(client)
    answer = client("POST", AGAIN, json=GROUP)
    assert answer.status_code == 403
    assert "own pages" in answer.json()["detail"]
    assert client("POST", AGAIN, json=GROUP, headers={"origin": "http://localhost:9999"}).status_code == 403


def test_a_changed_password_ends_the_session(client: Client, engine: Engine) -> None:
    sign_in(client)
    with engine.begin() as connection:
        connection.execute(text("UPDATE app_user SET password_hash = :hash"), {"hash": PasswordHasher().hash("new")})
    assert client.get(SESSION).json()["user"] is None


def test_a_viewer_who_signed_in_is_told_that_it_takes_an_admin(client: Client, engine: Engine) -> None:
    sign_in(client)
    with engine.begin() as connection:
        connection.execute(text("UPDATE app_user SET role = 'viewer'"))
    answer = client("POST", AGAIN, json=GROUP, headers=OURS)
    assert (answer.status_code, answer.json()["detail"]) == (403, "admin is no admin.")


def test_guessing_has_to_wait_and_the_log_says_who_guesses_but_not_what(client: Client) -> None:
    with capture_logs() as logs:
        answers = [sign_in(client, f"guess {n}") for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers)
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
    assert "Try again in" in answers[-1].json()["detail"]
    assert len([log for log in logs if log["event"] == "a sign-in was refused"]) == 5
    assert "guess" not in str(logs).replace("guess_", "")


@pytest.mark.parametrize(
    "body", [{}, {"user": "admin"}, {"password": 1}, {"password": "x" * 1025}, {"password": "x", "a": 1}]
)
def test_what_is_no_sign_in_is_422_and_repeats_no_password(client: Client, body: dict[str, object]) -> None:
    answer = client("POST", SESSION, json=body, headers=OURS)
    assert answer.status_code == 422
    assert "xxx" not in answer.text
