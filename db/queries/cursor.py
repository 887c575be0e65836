"""Where a page of rows ended that are listed newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from core.types import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next page begins behind the row with this moment and id."""

    ts: datetime
    id: int

    def __str__(self) -> str:
        return f"{to_micros(self.ts)}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that `str` gave. Raises ValueError."""
        micros, dash, number = text.partition("-")
        if not (dash and micros.isascii() and micros.isdigit() and number.isascii() and number.isdigit()):
            raise ValueError("no cursor")
        try:
            cursor = cls(from_micros(int(micros)), int(number))
        except OverflowError:
            raise ValueError("no cursor") from None
        if cursor.id >= 2**63:  # no row has it, and the database cannot be asked for it
            raise ValueError("no cursor")
        return cursor
