"""ARIA and data attributes in the form that Dash takes them, whose names are no Python names."""

from typing import Any


def aria(**names: str) -> dict[str, Any]:
    """aria(label="Close") is {"aria-label": "Close"}."""
    return {f"aria-{name}": value for name, value in names.items()}


def data(**names: str) -> dict[str, Any]:
    """data(choose="1h") is {"data-choose": "1h"}."""
    return {f"data-{name}": value for name, value in names.items()}
