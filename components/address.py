"""The state of a page in its URL: controls write it, and `layout(**query)` reads it."""

from collections.abc import Mapping

from dash import ClientsideFunction, Input, clientside_callback, dcc
from dash.development.base_component import Component


def address(page: str, defaults: Mapping[str, str]) -> Component:
    """The names of a page's parameters, each with the value that need not stand in the URL."""
    return dcc.Store(id={"address": page}, data={"defaults": dict(defaults)})


def keep_in_url(page: str, *controls: str) -> None:
    """Write the values of `controls`, in the order of `address`'s names, to the URL whenever one changes."""
    clientside_callback(
        ClientsideFunction("waypostShell", "writeUrl"),
        Input({"address": page}, "data"),
        *(Input(control, "value") for control in controls),
    )
