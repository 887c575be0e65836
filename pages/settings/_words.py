"""How settings and changes are said: `summary.interval_s` is "Summary, refresh every"."""

import json
from typing import Any, Final

from core.site_fields import FIELDS, PAGES, Field, plain

_NONE: Final = "none"
_LONGEST: Final = 60
_OF_PAGES: Final = ("interval_s", "floor_s", "mode")


def called(what: str) -> str:
    """What was changed, as people call it; an entry of the audit that is no setting is called as it is."""
    field = FIELDS.get(what)
    if field is None:
        return what
    page, _, of_page = what.partition(".")
    return f"{PAGES[page]}, {field.label.lower()}" if of_page in _OF_PAGES else field.label


def text(what: str, value: Any) -> str:
    """A value as people read it, in a few words."""
    if value is None or value == "":
        return _NONE
    field = FIELDS.get(what)
    if field is not None and field.kind == "json":
        machines = value if isinstance(value, list) else []
        return ", ".join(str(one.get("machine", "")) for one in machines if isinstance(one, dict)) or _NONE
    said = _said(value)
    if len(said) > _LONGEST:
        said = f"{said[: _LONGEST - 1]}…"
    return f"{said} {field.unit}" if field is not None and field.unit else said


def _said(value: Any) -> str:
    """In a setting's own words; of several devices what each was, of a rule each part, of placements each one."""
    match value:
        case None | "" | []:
            return _NONE
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return plain(value)
        case dict():
            return ", ".join(f"{name}: {_said(one)}" for name, one in value.items())
        case list():
            return ", ".join(_said(one) for one in value)
    return str(value)


def limits(field: Field) -> str:
    """The limits of a setting in a sentence, or nothing where its kind says them."""
    if field.least is None or field.most is None:
        return ""
    return f"From {plain(field.least)} to {plain(field.most)} {field.unit}."


def typed(field: Field, value: Any) -> Any:
    """A value as its control shows it."""
    if field.kind != "json":
        return value
    return "[\n" + ",\n".join(_machine(one) for one in value) + "\n]" if value else "[]"


def _machine(one: dict[str, Any]) -> str:
    events = ",\n".join(f"    {json.dumps(event)}: {json.dumps(step)}" for event, step in one["events"].items())
    return f'  {{"machine": {json.dumps(one["machine"])}, "events": {{\n{events}\n  }}}}'


def read(field: Field, given: Any) -> Any:
    """The value that a control's content means. Raises ValueError with one sentence where it is no JSON."""
    if field.kind != "json":
        return given
    try:
        return json.loads(given if isinstance(given, str) else "")
    except ValueError as error:
        place = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise ValueError(f"This is no JSON ({place}).") from None
