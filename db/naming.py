"""What admins call devices: a label and a fleet that win over those that the device sends of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from db.audit import record
from db.live import DEVICES
from db.store import Store
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


@dataclass(frozen=True, slots=True)
class Renamed:
    """A device, and what was shown of it before and is now, by "label" and "fleet"; `given` are those that an admin had
    given it before, None where none was: what takes the change back."""

    id: int
    name: str
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    given: Mapping[str, str | None]


def name_devices(store: Store, names: Sequence[str], given: Mapping[str, str | None], who: str) -> list[Renamed]:
    """Call these devices as `given` says ("label", "fleet"), note it in the audit, and tell the live maps.

    None takes a given one back: what the device sends is shown again. A device that there is not is left out. `given`
    was checked by `check_given`. Raises StoreUnavailable.
    """
    with store.connect() as connection, connection.begin():
        # By name: two who do this at once take turns.
        made = [one for name in sorted(set(names)) if (one := _give(connection, name, given, who)) is not None]
    store.site.announce(DEVICES, [one.id for one in made])
    return made


def _give(connection: Connection, name: str, given: Mapping[str, str | None], who: str) -> Renamed | None:
    t = device.c
    known = select(t.id, t.label, t.fleet, t.sent, t.given).where(t.name == name).with_for_update()
    row = connection.execute(known).first()
    if row is None:
        return None
    kept: dict[str, Any] = {key: text for key, text in (row.given | given).items() if text is not None}
    before = {key: getattr(row, key) for key in given}
    after = {key: kept.get(key, row.sent.get(key)) for key in given}
    connection.execute(update(device).where(t.id == row.id).values(given=kept, **after))
    for key, text in after.items():
        if text != before[key]:
            record(connection, who, f"device {name}: {key}", before[key], text)
    return Renamed(row.id, name, before, after, {key: row.given.get(key) for key in given})
