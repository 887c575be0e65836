"""What admins call devices: a label and a fleet that win over those that the device sends of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

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
        made = _give(connection, names, given)
        _note(connection, [one for one in made if one.before != one.after], who)
    store.site.announce(DEVICES, [one.id for one in made])
    return made


def _give(connection: Connection, names: Sequence[str], given: Mapping[str, str | None]) -> list[Renamed]:
    t = device.c
    found = select(t.id, t.name, t.label, t.fleet, t.sent, t.given).where(t.name == func.any(list(names)))
    made, rows = [], []
    for row in connection.execute(found.order_by(t.name).with_for_update()):  # in one order: two at once take turns
        kept: dict[str, Any] = {key: text for key, text in (row.given | given).items() if text is not None}
        shown = {key: kept.get(key, row.sent.get(key)) for key in GIVEN}
        now = {f"new_{key}": shown[key] if key in given else getattr(row, key) for key in GIVEN}
        rows.append({"of": row.id, "new_given": kept, **now})
        before, after = {key: getattr(row, key) for key in given}, {key: shown[key] for key in given}
        made.append(Renamed(row.id, row.name, before, after, {key: row.given.get(key) for key in given}))
    if rows:
        columns: dict[str, Any] = {key: bindparam(f"new_{key}") for key in (*GIVEN, "given")}
        connection.execute(update(device).where(t.id == bindparam("of")).values(columns), rows)
    return made


def _note(connection: Connection, changed: Sequence[Renamed], who: str) -> None:
    """One entry a device and name; where many were changed at once, one for them all with what each was."""
    if len(changed) > 1:
        for key, after in changed[0].after.items():
            record(
                connection, who, f"{len(changed)} devices: {key}", {one.name: one.before[key] for one in changed}, after
            )
        return
    for one in changed:
        for key, after in one.after.items():
            if after != one.before[key]:
                record(connection, who, f"device {one.name}: {key}", one.before[key], after)
