"""The table in which an admin gives devices labels and fleets."""

from typing import Any, Final

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.grid import grid_options
from core.text import THIN_SPACE
from db.queries.naming import Named
from pages.settings import _ids as ids

AT_MOST: Final = 5000
"""Rows sent at once; a search narrows."""

Row = dict[str, Any]


def row(device: Named) -> Row:
    """A device as the grid has it."""
    return {
        "device": device.name,
        "label": device.label,
        "fleet": device.fleet,
        "kind": device.kind,
        "given": sorted(device.given),
    }


def note(total: int, shown: int, search: str) -> str:
    """How many there are, and of which only so many are shown."""
    count = f"{total:,}".replace(",", THIN_SPACE)
    if total == 0:
        return f"No device has {search!r} in its name, label or fleet" if search else "No device has sent anything yet"
    if shown < total:
        return f"The first {shown:,} of {count} devices; search to narrow".replace(",", THIN_SPACE)
    return f"{count} {'device' if total == 1 else 'devices'}"


def table() -> list[Component]:
    """Search, the grid, and the row that puts those selected into a fleet."""
    return [
        html.Div(
            [
                dmc.TextInput(
                    id=ids.SEARCH,
                    placeholder="Search name, label or fleet",
                    debounce=300,
                    size="sm",
                    className="wp-settings-search",
                    **aria(label="Search devices"),
                ),
                html.Span(id=ids.GRID_NOTE, className="wp-settings-note", role="status"),
                html.Div(
                    [
                        dmc.TextInput(
                            id=ids.FLEET,
                            placeholder="Fleet",
                            size="sm",
                            className="wp-settings-fleet",
                            **aria(label="Fleet for the selected devices"),
                        ),
                        html.Button("Put selected into it", id=ids.PUT, type="button", className="wp-button"),
                    ],
                    className="wp-settings-put",
                ),
            ],
            className="wp-settings-tools",
        ),
        html.Div(id=ids.GRID_PROBLEM, className="wp-settings-problem", role="alert"),
        dag.AgGrid(
            id=ids.GRID,
            columnDefs=_columns(),
            defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
            getRowId="params.data.device",
            dashGridOptions=grid_options(
                rowSelection={"mode": "multiRow", "selectAll": "filtered", "headerCheckbox": True},
                singleClickEdit=True,
                stopEditingWhenCellsLoseFocus=True,
                tooltipShowDelay=300,
            ),
            className="wp-grid wp-settings-grid",
        ),
    ]


def _columns() -> list[dict[str, Any]]:
    given = {"function": "params.data && params.data.given.includes(params.colDef.field)"}
    editable: dict[str, Any] = {
        "editable": True,
        "cellEditor": "agTextCellEditor",
        "cellClassRules": {"wp-given": given["function"]},
    }
    return [
        {"field": "device", "headerName": "Device", "flex": 2, "minWidth": 150, "cellClass": "wp-name-text"},
        {"field": "label", "headerName": "Label", "flex": 3, "minWidth": 160} | editable,
        {"field": "fleet", "headerName": "Fleet", "flex": 2, "minWidth": 130} | editable,
        {"field": "kind", "headerName": "Kind", "flex": 1, "minWidth": 90},
    ]
