"""ReportData -> parallel coordinates: every ranked configuration as one line through its parameters to the metric.

Drawn as plain lines: plotly's own trace for this needs WebGL, which remote desktops and printers often lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from rag_sweeps.report.data import ReportData, shown_parameters
from rag_sweeps.report.drawing import figure, hovers, is_numeric, plain, shorten

WORST, MIDDLE, BEST = (209, 73, 91), (160, 138, 60), (18, 135, 111)
SPREAD = 0.05
N_TICKS = 4
MOST_WIDE = 40


@dataclass(frozen=True, slots=True)
class Axis:
    """heights: where each line crosses, 0 to 1; ticks: (height, text)."""

    name: str
    heights: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]


def parallel_coordinates(data: ReportData) -> go.Figure:
    """Worst first, so that the best lie on top."""
    rows = [row for row in data.decision.rows if row.comparable][::-1]
    values = [row.value.mean for row in rows]
    names = [name for name in shown_parameters(data) if all(name in row.measured.dev.params for row in rows)]
    axes = [axis(name, [row.measured.dev.params[name] for row in rows]) for name in names]
    axes.append(axis(data.decision.metric, values))
    shares = [height if data.decision.goal == "maximize" else 1 - height for height in axes[-1].heights]
    traces = [
        go.Scatter(
            x=list(range(len(axes))),
            y=[each.heights[at] for each in axes],
            mode="lines+markers",
            line={"color": colour(share), "width": 2 if len(rows) <= MOST_WIDE else 1},
            marker={"size": 5},
            opacity=0.85,
            text=[text] * len(axes),
            hovertemplate="%{text}<extra></extra>",
        )
        for at, (share, text) in enumerate(zip(shares, hovers(rows, data), strict=True))
    ]
    labels = [
        {
            "x": at,
            "y": height,
            "text": plain(shorten(text, 20)),
            "xanchor": "right",
            "xshift": -5,
            "showarrow": False,
            "font": {"size": 11},
            "opacity": 0.9,
        }
        for at, each in enumerate(axes)
        for height, text in each.ticks
    ]
    return figure(
        traces,
        height=400,
        margin={"l": 90, "r": 24, "t": 36, "b": 8},
        xaxis={
            "tickmode": "array",
            "tickvals": list(range(len(axes))),
            "ticktext": [plain(each.name) for each in axes],
            "side": "top",
            "range": [-0.08, len(axes) - 0.92],
            "automargin": False,
            "ticks": "",
        },
        yaxis={"visible": False, "range": [-0.08, 1.08]},
        annotations=labels,
    )


def axis(name: str, values: Sequence[Any]) -> Axis:
    """Numbers keep their distances; choices lie evenly, in the order of their names."""
    if not is_numeric(values):
        choices = sorted({str(value) for value in values})
        steps = {choice: at / (len(choices) - 1) if len(choices) > 1 else 0.5 for at, choice in enumerate(choices)}
        return Axis(name, spread([steps[str(value)] for value in values]), tuple((at, c) for c, at in steps.items()))
    low, high = min(values), max(values)
    if low == high:
        return Axis(name, spread([0.5] * len(values)), ((0.5, f"{low:g}"),))
    heights = [(value - low) / (high - low) for value in values]
    marked = sorted(set(values))
    if len(marked) > N_TICKS:
        marked = [low + (high - low) * at / N_TICKS for at in range(N_TICKS + 1)]
    if all(isinstance(value, int) for value in values):
        marked = sorted({round(value) for value in marked})
    return Axis(name, spread(heights), tuple(((value - low) / (high - low), tick_text(value)) for value in marked))


def tick_text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def spread(heights: Sequence[float]) -> tuple[float, ...]:
    """Equal heights are moved apart by at most SPREAD, in the order of the lines, so that none hides another."""
    found = []
    for at, height in enumerate(heights):
        same = [other for other, each in enumerate(heights) if each == height]
        found.append(height + SPREAD * (2 * same.index(at) / (len(same) - 1) - 1 if len(same) > 1 else 0.0) / 2)
    return tuple(found)


def colour(share: float) -> str:
    """Between WORST at 0, MIDDLE and BEST at 1."""
    low, high, part = (WORST, MIDDLE, 2 * share) if share < 0.5 else (MIDDLE, BEST, 2 * share - 1)
    part = min(max(part, 0.0), 1.0)
    return "rgb({}, {}, {})".format(*(round(a + (b - a) * part) for a, b in zip(low, high, strict=True)))
