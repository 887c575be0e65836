"""API tokens of requests: known ones are kept in memory, so that intake goes on while the database is away."""

import base64
import binascii
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy import Connection

from auth.first_start import hash_token
from core.errors import StoreUnavailable
from db.access import all_tokens

_REFRESH_S: Final = 10.0
Connect = Callable[[], AbstractContextManager[Connection]]


class Tokens:
    """Which scopes a token has. `connect` gives a connection, and raises StoreUnavailable where there is none.

    A token that was just made or withdrawn is known within ten seconds.
    """

    def __init__(self, connect: Connect, clock: Callable[[], float] = time.monotonic) -> None:
        self._connect = connect
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Mapping[str, frozenset[str]] | None = None
        self._refresh_at = 0.0

    def known(self, token: str) -> frozenset[str] | None:
        """As `scopes`, but never waits: None where the database has to be asked, and nobody is asking it yet."""
        known = self._known
        if known is None or (self._clock() >= self._refresh_at and not self._lock.locked()):
            return None
        return known.get(hash_token(token), frozenset())

    def scopes(self, token: str) -> frozenset[str]:
        """What the token may do; nothing where it is not known. Raises StoreUnavailable where none was ever read."""
        hashed = hash_token(token)
        with self._lock:
            if self._known is None or self._clock() >= self._refresh_at:
                self._refresh()
            return (self._known or {}).get(hashed, frozenset())

    def _refresh(self) -> None:
        try:
            with self._connect() as connection:
                self._known = all_tokens(connection)
        except StoreUnavailable:
            if self._known is None:
                raise
        self._refresh_at = self._clock() + _REFRESH_S


def token_of(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The token that a request brings: as Bearer, as the password of Basic, or as `?token=` of devices that can no
    other way."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and given:
        return given.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return query.get("token") or None
