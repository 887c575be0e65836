"""What somebody may do: each role may do what those before it may."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Role(IntEnum):
    """A viewer looks, an analyst exports and has rules of his own, an admin steers."""

    VIEWER = 1
    ANALYST = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: `name` is None for somebody who has not signed in."""

    name: str | None
    role: Role

    def may(self, role: Role) -> bool:
        """Whether the visitor may do what `role` may."""
        return self.role >= role


ANYONE: Final = Visitor(None, Role.VIEWER)
"""Somebody who has not signed in; whoever gets in at all may look."""


def role_called(name: str) -> Role:
    """The role as it is kept in the database; one that this version does not know may only look."""
    return Role.__members__.get(name.upper(), Role.VIEWER)
