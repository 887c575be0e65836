"""AG Grid as Waypost dresses it: its colours are our tokens, so that it follows the colour scheme by itself."""

import json
from typing import Any, Final

_PARAMETERS: Final = {
    "accentColor": "var(--wp-accent)",
    "backgroundColor": "var(--wp-surface)",
    "foregroundColor": "var(--wp-text)",
    "borderColor": "var(--wp-border)",
    "headerBackgroundColor": "var(--wp-surface)",
    "headerTextColor": "var(--wp-muted)",
    "rowHoverColor": "var(--wp-hover)",
    "selectedRowBackgroundColor": "var(--wp-accent-soft)",
    "chromeBackgroundColor": "var(--wp-surface)",
    "fontFamily": "inherit",
    "fontSize": 14,
    "headerFontSize": 12,
    "headerFontWeight": 500,
    "rowHeight": 40,
    "headerHeight": 36,
    "cellHorizontalPadding": 16,
    "wrapperBorderRadius": "var(--wp-radius)",
    "borderRadius": 6,
    "browserColorScheme": "inherit",
}


def grid_options(**more: Any) -> dict[str, Any]:
    """`dashGridOptions` of a grid: our theme, and `more` options by AG Grid's own names.

    Rows stand in the page in the order in which they are seen, for those who tab or listen through them.
    """
    theme = {"function": f"themeQuartz.withParams({json.dumps(_PARAMETERS)})"}
    return {"theme": theme, "animateRows": False, "suppressColumnVirtualisation": True, "ensureDomOrder": True} | more
