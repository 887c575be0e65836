"""Signing in and out, and who asks: the one place that knows.

A session is a signed cookie: the user, a mark of the password it was made with, and when. It counts while the signature
holds, until it is `hours` old, until the user is gone or the password is another. What changes something must also come
from one of our own pages (`from_our_page`): a cookie alone does not say who made the browser send it.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection

from auth.guard import same_origin
from auth.roles import ANYONE, Visitor, role_called
from auth.throttle import Throttle
from auth.tokens import Tokens, token_of
from core.log import get_logger
from db.queries.users import User, get_user, get_user_by_id

COOKIE: Final = "waypost_session"
ADMIN_SCOPE: Final = "admin"
_LONGEST_PASSWORD: Final = 1024
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$KVPnKKOGUZsk9SGrwIR6ZA$lfPlWlI7zhQkpE3QpEcRhTU5IhcL/P/KaUEW605sgYM"
"""A hash that no password is known for: a name that there is not takes as long to refuse as one that there is."""

Connect = Callable[[], AbstractContextManager[Connection]]


class TooManyTries(Exception):
    """Too many wrong passwords lately."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many tries. Try again in {max(1, round(wait_s))} s.")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in; `cookie` is the value to send back."""

    visitor: Visitor
    cookie: str


class Sessions:
    """Used by any thread. `connect` gives a connection, and raises StoreUnavailable where there is none."""

    def __init__(
        self,
        connect: Connect,
        key: str,
        *,
        hours: float,
        tokens: Tokens | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        self.max_age_s = round(hours * 3600)
        self._connect = connect
        self._tokens = tokens
        self._throttle = Throttle() if throttle is None else throttle
        self._hasher = PasswordHasher()
        self._signer = URLSafeTimedSerializer(
            key, salt="waypost session", signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )
        self._log = get_logger("auth")

    def sign_in(self, name: str, password: str, address: str) -> Session | None:
        """A session, or None where name and password do not go together: which of them is wrong is not told.

        Slow by intent: never on an event loop. Raises TooManyTries, StoreUnavailable.
        """
        wait_s = self._throttle.take(address)
        if wait_s > 0:
            raise TooManyTries(wait_s)
        usable = "\0" not in name and len(password) <= _LONGEST_PASSWORD
        user: User | None = None
        if usable:
            with self._connect() as connection:
                user = get_user(connection, name)
        right = self._is_password(user.password_hash if user else _NOBODY, password[:_LONGEST_PASSWORD])
        if user is None or not right:
            self._log.warning("a sign-in was refused", address=address, user=name[:64])
            return None
        self._throttle.give_back(address)
        self._log.info("signed in", address=address, user=user.name)
        cookie = self._signer.dumps([user.id, self._mark(user)])
        return Session(Visitor(user.name, role_called(user.role)), str(cookie))

    def visitor(self, headers: Mapping[str, str], *, changing: bool) -> Visitor:
        """Who asks, by the headers of the request; `changing`: for something that changes, a session counts only where
        the request comes from one of our pages. Raises StoreUnavailable where somebody claims to be signed in and it
        cannot be checked."""
        token = token_of(headers, {})
        if token is not None and self._tokens is not None:
            return Visitor("token", role_called("admin")) if ADMIN_SCOPE in self._tokens.scopes(token) else ANYONE
        cookie = cookie_of(headers)
        if cookie is None or (changing and not from_our_page(headers)):
            return ANYONE
        try:
            claim: Any = self._signer.loads(cookie, max_age=self.max_age_s)
        except BadData:
            return ANYONE
        if not (isinstance(claim, list) and len(claim) == 2 and isinstance(claim[0], int)):
            return ANYONE
        with self._connect() as connection:
            user = get_user_by_id(connection, claim[0])
        if user is None or not hmac.compare_digest(str(claim[1]), self._mark(user)):
            return ANYONE
        return Visitor(user.name, role_called(user.role))

    def _mark(self, user: User) -> str:
        """Tells passwords apart without telling anything about them: it ends sessions when one is changed."""
        return hashlib.sha256(f"waypost session\0{user.password_hash}".encode()).hexdigest()[:24]

    def _is_password(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def from_our_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that one of our own pages asks. Every browser says so of what is not GET or HEAD."""
    if headers.get("origin") is not None:
        return same_origin(headers)
    return headers.get("sec-fetch-site") == "same-origin"


def cookie_of(headers: Mapping[str, str]) -> str | None:
    """The session's cookie of a request, if it has one and one only."""
    found = re.findall(rf"(?:^|;)\s*{COOKIE}=([^;]*)", headers.get("cookie", ""))
    return found[0].strip() if len(found) == 1 and found[0] else None


def cookie_settings(max_age_s: int, *, https: bool) -> dict[str, Any]:
    """How the cookie is set: no script reads it, no other site's page sends it, by https alone where that is used."""
    return {"max_age": max_age_s, "path": "/", "httponly": True, "samesite": "lax", "secure": https}
