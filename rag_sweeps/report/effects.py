"""ReportData -> figures of what the swept parameters do, value by value."""

from __future__ import annotations

import plotly.graph_objects as go

from rag_sweeps.report.data import ReportData, finite, kind, settings
from rag_sweeps.report.drawing import COLOURS, SYMBOLS, figure, hovers, is_numeric, plain, shorten

POINT_ALPHA = 0.85


def effect(data: ReportData, name: str) -> go.Figure:
    """The metric at each value of one parameter, over the configurations on which it has an effect.

    Numbers are a scatter, anything else one strip and box per value.
    """
    rows = [row for row in data.decision.rows if name in settings(row.measured)]
    values = [settings(row.measured)[name] for row in rows]
    numeric = is_numeric(values)
    x = values if numeric else [plain(shorten(str(value), 24)) for value in values]
    y = [finite(row.value.mean) for row in rows]
    box = go.Box(
        x=x,
        y=y,
        boxpoints=False,
        line={"color": "#858d97", "width": 1},
        fillcolor="rgba(133,141,151,0.15)",
        hoverinfo="skip",
        width=0.5,
    )
    points = go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "color": [COLOURS[kind(row, data.decision)] for row in rows],
            "symbol": [SYMBOLS[kind(row, data.decision)] for row in rows],
            "size": 9,
            "opacity": POINT_ALPHA,
        },
        text=hovers(rows, data),
        hovertemplate="%{text}<extra></extra>",
    )
    axis: dict[str, object] = {} if numeric else {"type": "category", "categoryorder": "category ascending"}
    if numeric and len(set(values)) <= 6:
        axis = {"tickmode": "array", "tickvals": sorted(set(values))}
    return figure(
        [points] if numeric else [box, points],
        height=280,
        y=data.decision.metric,
        xaxis=axis,
    )
