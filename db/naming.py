"""What admins call devices: a label and a fleet that win over those that the device sends of itself."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select, update

from db.audit import record
from db.tables import device

GIVEN: Final = ("label", "fleet")
LONGEST: Final = 200


def check_given(given: object) -> str | None:
    """A label or fleet to keep; None for one that is empty. Raises ValueError with one sentence."""
    if given is None:
        return None
    if not isinstance(given, str):
        raise ValueError("Give a text, or none to show again what the device sends.")
    text = given.strip()
    if len(text) > LONGEST or not text.isprintable():
        raise ValueError(f"Give at most {LONGEST} characters in one line.")
    return text or None


def give(connection: Connection, name: str, given: Mapping[str, str | None], who: str) -> int | None:
    """Call the device `name` as `given` says ("label", "fleet"), and note it in the audit.

    None takes a given one back: what the device sends is shown again. The device's id; None where there is no such
    device. Within the caller's transaction; given names were checked by `check_given`.
    """
    t = device.c
    known = select(t.id, t.label, t.fleet, t.sent, t.given).where(t.name == name).with_for_update()
    row = connection.execute(known).first()
    if row is None:
        return None
    kept: dict[str, Any] = {key: text for key, text in (row.given | given).items() if text is not None}
    shown = {key: kept.get(key, row.sent.get(key)) for key in given}
    connection.execute(update(device).where(t.id == row.id).values(given=kept, **shown))
    for key, text in shown.items():
        if text != getattr(row, key):
            record(connection, who, f"device {name}: {key}", getattr(row, key), text)
    return int(row.id)


def give_fleet(connection: Connection, names: list[str], fleet: str | None, who: str) -> list[int]:
    """Put many devices into a fleet (None: back into the one that each sends); the ids of those that there are."""
    ids = [give(connection, name, {"fleet": fleet}, who) for name in sorted(names)]
    return [one for one in ids if one is not None]
