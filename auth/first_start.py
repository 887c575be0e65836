"""The admin and the collector token that the first start makes, and shows once."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from sqlalchemy import Engine

from core.settings import Settings
from db.access import add_token, add_user, count_users, hold_users

ADMIN: Final = "admin"
INGEST_SCOPE: Final = "ingest"


@dataclass(frozen=True, slots=True)
class FirstSecrets:
    """Shown once; only their hashes are kept."""

    admin_password: str
    ingest_token: str


def make_first_secrets(engine: Engine, settings: Settings) -> FirstSecrets | None:
    """Make the admin and the token unless there is a user already. WAYPOST_ADMIN_PASSWORD and
    WAYPOST_INGEST_TOKEN set them; otherwise they are random."""
    with engine.begin() as connection:
        hold_users(connection)  # two web processes may start at once: one makes them, the other finds them
        if count_users(connection) > 0:
            return None
        made = FirstSecrets(
            settings.admin_password.get_secret_value() if settings.admin_password else secrets.token_urlsafe(12),
            settings.ingest_token.get_secret_value() if settings.ingest_token else f"wp_{secrets.token_urlsafe(24)}",
        )
        add_user(connection, ADMIN, PasswordHasher().hash(made.admin_password), "admin")
        add_token(connection, "first start", hash_token(made.ingest_token), [INGEST_SCOPE])
    return made


def hash_token(token: str) -> str:
    """What is kept of a token. A plain SHA-256 is enough: tokens are long and random, unlike passwords."""
    return hashlib.sha256(token.encode()).hexdigest()
