"""What every plot shares: colours, symbols, the bare figure, and labels that data cannot break out of.

Colours keep at least 3:1 on the light and on the dark page; shape says the same as colour, for print and for readers
who do not tell the colours apart. Text, grid and background are coloured by the page, which knows its scheme.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from rag_sweeps.decision import Decision, Row
from rag_sweeps.report.data import Kind, ReportData, kind, label, settings, shown_parameters

COLOURS: dict[Kind, str] = {
    "recommended": "#12876f",
    "best": "#3b7dd8",
    "baseline": "#c46a12",
    "tied": "#5f93a8",
    "other": "#858d97",
    "apart": "#858d97",
}

SYMBOLS: dict[Kind, str] = {
    "recommended": "diamond",
    "best": "square",
    "baseline": "triangle-up",
    "tied": "circle",
    "other": "circle-open",
    "apart": "x",
}

NAMES: dict[Kind, str] = {
    "recommended": "recommended",
    "best": "best",
    "baseline": "baseline",
    "tied": "tied",
    "other": "worse",
    "apart": "other n",
}

ACCENT = "#3b7dd8"
MORE = ("#8f6ad0", "#c2557f", "#5c8a2f", "#a07412", "#3f8fa5", "#858d97")
"""For configurations that are only shown when asked for."""
LEGEND = {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left", "title": None}


def figure(
    traces: Sequence[object], *, height: int, x: str | None = None, y: str | None = None, **layout: object
) -> go.Figure:
    """A bare figure: no plotly template, no drag (a finger on it scrolls the page), margins that labels may widen."""
    axis = {"automargin": True, "zeroline": False, "ticks": "outside", "ticklen": 4}
    common = {
        "template": "none",
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "dragmode": False,
        "hovermode": "closest",
        "showlegend": False,
        "legend": LEGEND,
        "xaxis": {**axis, "title": {"text": x and plain(x), "standoff": 8}},
        "yaxis": {**axis, "title": {"text": y and plain(y), "standoff": 8}},
    }
    drawn = go.Figure(list(traces), common)
    return drawn.update_layout(**layout)


def by_kind(rows: Sequence[Row], decision: Decision) -> dict[Kind, list[Row]]:
    """Rows per kind, in the order of the legend."""
    groups = {group: [row for row in rows if kind(row, decision) == group] for group in COLOURS}
    return {group: found for group, found in groups.items() if found}


def hovers(rows: Sequence[Row], data: ReportData) -> list[str]:
    """What a pointer on each configuration shows."""
    names, metric = shown_parameters(data), plain(data.decision.metric)
    texts = []
    for row in rows:
        chosen, value = settings(row.measured), row.value
        lines = [
            f"<b>{plain(label(row.measured))}</b>",
            f"{metric} {value.mean:.3f} [{value.low:.3f}, {value.high:.3f}], n {value.n}",
            *(f"{plain(name)}: {plain(shorten(str(chosen[name])))}" for name in names if name in chosen),
        ]
        texts.append("<br>".join(lines))
    return texts


def markers(group: Kind, size: int) -> dict[str, object]:
    return {
        "mode": "markers",
        "name": NAMES[group],
        "marker": {
            "color": COLOURS[group],
            "symbol": SYMBOLS[group],
            "size": size,
            "line": {"width": 1.5, "color": COLOURS[group]},
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def is_numeric(values: Sequence[object]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def plain(text: str) -> str:
    """Plotly reads a few HTML tags in its labels; data must not be taken for one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
