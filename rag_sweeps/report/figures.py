"""ReportData -> plotly figures of the results, each a small function."""

from __future__ import annotations

import plotly.graph_objects as go

from rag_sweeps.decision import Decision, Row
from rag_sweeps.records import CUTOFFS, Interval
from rag_sweeps.report.data import ReportData, finite, key_rows, kind, label
from rag_sweeps.report.drawing import (
    ACCENT,
    COLOURS,
    MORE,
    SYMBOLS,
    by_kind,
    figure,
    hovers,
    markers,
    plain,
)

MOST_INTERVALS = 40
MOST_CURVES = 16
ROW_PX = 24


def intervals(data: ReportData) -> go.Figure:
    """The metric with its interval for the best configurations and every baseline, best on top."""
    shown = interval_rows(data.decision)
    traces = [
        go.Scatter(
            x=[finite(row.value.mean) for row in rows],
            y=[plain(label(row.measured)) for row in rows],
            error_x={
                "type": "data",
                "array": [finite(row.value.high - row.value.mean) for row in rows],
                "arrayminus": [finite(row.value.mean - row.value.low) for row in rows],
                "thickness": 1.5,
                "width": 3,
                "color": COLOURS[group],
            },
            **markers(group, 10),
            text=hovers(rows, data),
        )
        for group, rows in by_kind(shown, data.decision).items()
    ]
    best = finite(data.decision.best.value.mean)
    return figure(
        traces,
        height=70 + ROW_PX * len(shown),
        x=data.decision.metric,
        showlegend=True,
        shapes=[
            {"type": "line", "x0": best, "x1": best, "yref": "paper", "y0": 0, "y1": 1}
            | {"line": {"color": ACCENT, "width": 1, "dash": "dot"}}
        ],
        yaxis={
            # Without the type plotly reads the label #7 as the number 7.
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [plain(label(row.measured)) for row in reversed(shown)],
            "range": [-0.6, len(shown) - 0.4],
            "tickmode": "array",
            "tickvals": [plain(label(row.measured)) for row in shown],
            "ticks": "",
        },
    )


def interval_rows(decision: Decision) -> tuple[Row, ...]:
    """What the first plot shows: all, or the best MOST_INTERVALS and the key configurations."""
    keys = {row.measured.number for row in key_rows(decision)}
    return tuple(row for at, row in enumerate(decision.rows) if at < MOST_INTERVALS or row.measured.number in keys)


def hit_rate_curve(data: ReportData) -> go.Figure:
    """Hit rate over K for the key configurations; the next ones of the leaderboard wait in the legend."""
    keys = key_rows(data.decision)
    rest = [row for row in data.decision.rows if row not in keys][:MOST_CURVES]
    baselines = [row for row in keys if kind(row, data.decision) == "baseline"]
    traces = []
    for at, row in enumerate((*keys, *rest)):
        group = kind(row, data.decision)
        colour = COLOURS[group] if row in keys else MORE[at % len(MORE)]
        dash = ("dot", "dash")[baselines.index(row) % 2] if row in baselines else "solid"
        curve = _curve(row, f"{label(row.measured)} {group if group in ('recommended', 'best') else ''}")
        traces.append(
            curve.update(line={"color": colour, "dash": dash, "width": 2.5}, visible=row in keys or "legendonly")
        )
        curve.update(marker={"color": colour, "symbol": SYMBOLS[group], "size": 8})
    return figure(
        traces,
        height=430,
        x="K, passages retrieved",
        y="hit rate@K",
        showlegend=True,
        legend={"y": -0.2, "yanchor": "top", "maxheight": 110},
        xaxis={"type": "log", "tickmode": "array", "tickvals": list(CUTOFFS), "ticktext": [str(k) for k in CUTOFFS]},
    )


def _curve(row: Row, name: str) -> go.Scatter:
    found: list[Interval] = [row.measured.dev.metrics[f"hit_rate@{k}"] for k in CUTOFFS]
    return go.Scatter(
        x=list(CUTOFFS),
        y=[finite(each.mean) for each in found],
        text=[f"{each.mean:.3f} [{each.low:.3f}, {each.high:.3f}]" for each in found],
        hovertemplate="%{fullData.name}<br>hit rate@%{x}: %{text}<extra></extra>",
        mode="lines+markers",
        name=plain(name.strip()),
    )
