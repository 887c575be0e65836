"""How Mantine and Plotly are dressed, so that both look like one thing and follow the colour scheme together."""

from typing import Any, Final

FONT: Final = '"Inter Variable", "Inter", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'

MANTINE: Final[dict[str, Any]] = {
    "primaryColor": "indigo",
    "primaryShade": {"light": 6, "dark": 4},
    "fontFamily": FONT,
    "fontFamilyMonospace": FONT,  # figures are tabular in Inter; a second face does not belong here
    "defaultRadius": "md",
    "radius": {"xs": "4px", "sm": "6px", "md": "8px", "lg": "8px", "xl": "8px"},
    "fontSizes": {"xs": "12px", "sm": "14px", "md": "16px", "lg": "20px", "xl": "28px"},
    "lineHeights": {"xs": "1.35", "sm": "1.45", "md": "1.5", "lg": "1.35", "xl": "1.2"},
    "spacing": {"xs": "8px", "sm": "8px", "md": "16px", "lg": "24px", "xl": "32px"},
    "headings": {"fontFamily": FONT, "fontWeight": "600"},
    "cursorType": "pointer",
    "respectReducedMotion": True,
}

SERIES: Final[dict[str, tuple[str, ...]]] = {
    # Okabe and Ito, "Color Universal Design" (2008). On dark the sky blue leads and black becomes light grey,
    # since the plain blue and black would be the dimmest things on the screen.
    "light": ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A7F00", "#000000"),
    "dark": ("#56B4E9", "#E69F00", "#2BBE92", "#CC79A7", "#F0E442", "#D55E00", "#4B9FD6", "#C9CED3"),
}

SCALE: Final[dict[str, tuple[str, ...]]] = {
    # Viridis and plasma (matplotlib 1.5), nine steps each.
    "light": ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"),
    "dark": ("#0d0887", "#4c02a1", "#7e03a8", "#a92395", "#cc4778", "#e56b5d", "#f89540", "#fdc527", "#f0f921"),
}
WHEEL: Final = ("#e2d9e2", "#6785be", "#5e43a5", "#2f1436", "#662656", "#b25652", "#c9a67e", "#e2d9e2")
"""Twilight (matplotlib 3.0), for directions: 0 and 360 degrees have one colour."""

_INK: Final[dict[str, dict[str, str]]] = {
    "light": {"text": "#212529", "muted": "#5c636a", "grid": "#edf0f2", "line": "#ced4da", "paper": "#ffffff"},
    "dark": {"text": "#e6e8ea", "muted": "#9aa2a9", "grid": "#25292d", "line": "#3a4046", "paper": "#22262a"},
}


def chart_template(scheme: str) -> dict[str, Any]:
    """The Plotly template of a colour scheme, "light" or "dark": transparent, few lines, labels in Inter."""
    ink = _INK[scheme]
    axis = {
        "gridcolor": ink["grid"],
        "linecolor": ink["line"],
        "zerolinecolor": ink["line"],
        "zerolinewidth": 1,
        "tickcolor": ink["line"],
        "tickfont": {"color": ink["muted"], "size": 12},
        "title": {"font": {"color": ink["muted"], "size": 12}},
        "automargin": True,
    }
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(SERIES[scheme]),
            "font": {"family": FONT, "color": ink["text"], "size": 12},
            "hoverlabel": {
                "bgcolor": ink["paper"],
                "bordercolor": ink["line"],
                "font": {"family": FONT, "color": ink["text"], "size": 12},
                "align": "left",
            },
            "legend": {"font": {"color": ink["muted"], "size": 12}, "bgcolor": "rgba(0,0,0,0)"},
            "xaxis": axis | {"showgrid": False, "showline": True, "ticks": "outside", "ticklen": 4},
            "yaxis": axis | {"showgrid": True, "showline": False, "zeroline": False},
            "margin": {"l": 48, "r": 8, "t": 8, "b": 32},
        }
    }


def chart_theme() -> dict[str, Any]:
    """What the browser needs to dress every chart for either scheme; sent once, not with each figure."""
    return {
        scheme: {
            "template": chart_template(scheme),
            "series": list(SERIES[scheme]),
            "scale": list(SCALE[scheme]),
            "wheel": list(WHEEL),
            "ground": _INK[scheme]["grid"],
        }
        for scheme in SERIES
    }
