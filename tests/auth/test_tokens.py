"""Tokens of requests: known ones work on while the database is away."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, text

from auth.first_start import hash_token
from auth.tokens import Tokens, token_of
from core.errors import StoreUnavailable
from db.access import add_token


class Link:
    """Connections that can fail, and a clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.away, self.now, self.asked = engine, False, 0.0, 0

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """As Store.connect."""
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        with self.engine.connect() as connection:
            yield connection


def test_a_token_is_known_with_its_scopes_and_read_once(engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "a", hash_token("good"), ["ingest"])
    link = Link(engine)
    tokens = Tokens(link.connect, lambda: link.now)
    assert tokens.scopes("good") == {"ingest"}
    assert tokens.scopes("bad") == frozenset()
    assert link.asked == 1


def test_a_withdrawn_token_is_refused_and_a_new_one_taken_within_ten_seconds(engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "a", hash_token("old"), ["ingest"])
    link = Link(engine)
    tokens = Tokens(link.connect, lambda: link.now)
    assert tokens.scopes("old") == {"ingest"}
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM api_token"))
        add_token(connection, "b", hash_token("new"), ["ingest"])
    link.now = 10.0
    assert tokens.scopes("old") == frozenset()
    assert tokens.scopes("new") == {"ingest"}


def test_known_tokens_are_told_without_waiting_until_it_is_time_to_ask_again(engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "a", hash_token("good"), ["ingest"])
    link = Link(engine)
    tokens = Tokens(link.connect, lambda: link.now)
    assert tokens.known("good") is None, "nobody has asked the database yet"
    tokens.scopes("good")
    assert (tokens.known("good"), tokens.known("bad")) == (frozenset({"ingest"}), frozenset())
    link.now = 10.0
    assert tokens.known("good") is None, "somebody has to ask"


def test_while_one_asks_a_database_that_hangs_the_others_go_on(engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "a", hash_token("good"), ["ingest"])
    link = Link(engine)
    hangs, asking = threading.Event(), threading.Event()

    @contextmanager
    def connect() -> Iterator[Connection]:
        asking.set()
        hangs.wait(30)
        with link.connect() as connection:
            yield connection

    tokens = Tokens(connect, lambda: link.now)
    hangs.set()
    tokens.scopes("good")
    hangs.clear()
    asking.clear()
    link.now = 10.0
    one = threading.Thread(target=tokens.scopes, args=("good",))
    one.start()
    try:
        assert asking.wait(30)
        assert tokens.known("good") == frozenset({"ingest"})
    finally:
        hangs.set()
        one.join()


def test_known_tokens_work_on_while_the_database_is_away(engine: Engine) -> None:
    with engine.begin() as connection:
        add_token(connection, "a", hash_token("good"), ["ingest"])
    link = Link(engine)
    tokens = Tokens(link.connect, lambda: link.now)
    tokens.scopes("good")
    link.away, link.now = True, 3600.0
    assert tokens.scopes("good") == {"ingest"}
    fresh = Tokens(link.connect, lambda: link.now)
    with pytest.raises(StoreUnavailable):
        fresh.scopes("good")


@pytest.mark.parametrize(
    ("authorization", "query", "token"),
    [
        ("Bearer abc", {}, "abc"),
        ("bearer  abc ", {"token": "other"}, "abc"),
        ("Basic dTphYmM=", {}, "abc"),
        ("Basic dTphOmJj", {}, "a:bc"),
        ("Basic not base64", {}, None),
        ("Basic dTo=", {}, None),
        ("", {"token": "abc"}, "abc"),
        ("Digest abc", {}, None),
        ("", {}, None),
    ],
)
def test_where_a_request_has_its_token(authorization: str, query: dict[str, str], token: str | None) -> None:
    assert token_of({"authorization": authorization} if authorization else {}, query) == token
