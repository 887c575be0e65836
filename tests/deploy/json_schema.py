"""The part of JSON Schema that the Compose specification uses, so that its schema needs no package to check with."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _differ(value: list[Any]) -> bool:
    return len({repr(one) for one in value}) == len(value)


# Whether a value is as the keyword wants it; one of a type that the keyword says nothing of always is.
CHECKS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "type": lambda value, wanted: any(_is(value, name) for name in ([wanted] if isinstance(wanted, str) else wanted)),
    "enum": lambda value, wanted: value in wanted,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
    "minimum": lambda value, wanted: not _is(value, "number") or value >= wanted,
    "maximum": lambda value, wanted: not _is(value, "number") or value <= wanted,
    "required": lambda value, wanted: not isinstance(value, dict) or set(wanted) <= set(value),
    "uniqueItems": lambda value, wanted: not (wanted and isinstance(value, list)) or _differ(value),
}

# These describe and do not constrain, or are looked at by name.
WORDS: Final = {"$schema", "$id", "title", "description", "default", "deprecated", "definitions"} | {
    "items",
    "properties",
    "patternProperties",
    "additionalProperties",
}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "") -> Iterator[str]:
    """What is wrong with `value`, each with its place. Raises NotImplementedError on a keyword that is not known."""
    for keyword, wanted in schema.items():
        if keyword == "$ref":
            yield from faults(value, _definition(wanted, root), root, where)
        elif keyword == "oneOf":
            tries = [list(faults(value, one, root, where)) for one in wanted]
            if sum(not found for found in tries) != 1:
                yield f"{where}: {value!r} does not fit exactly one of {len(wanted)} forms: {tries}"
        elif keyword in CHECKS:
            if not CHECKS[keyword](value, wanted):
                yield f"{where}: {value!r} breaks {keyword} {wanted!r}"
        elif keyword not in WORDS:
            raise NotImplementedError(f"JSON Schema keyword {keyword}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from faults(item, schema["items"], root, f"{where}[{index}]")
    if isinstance(value, dict):
        yield from _members(value, schema, root, where)


def _members(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], where: str) -> Iterator[str]:
    others = schema.get("additionalProperties", True)
    for name, member in value.items():
        place = f"{where}.{name}"
        fitting = [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
        if name in schema.get("properties", {}):
            fitting.append(schema["properties"][name])
        for one in fitting:
            yield from faults(member, one, root, place)
        if not fitting and others is False:
            yield f"{place}: is not known here"
        elif not fitting and isinstance(others, dict):
            yield from faults(member, others, root, place)


def _definition(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found
