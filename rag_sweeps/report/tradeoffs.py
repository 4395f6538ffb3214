"""ReportData -> the metric against what it costs, in each currency that differs between configurations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import plotly.graph_objects as go

from rag_sweeps.decision import Goal
from rag_sweeps.decision.front import pareto_by_price
from rag_sweeps.errors import TrialError
from rag_sweeps.objective import metric_interval
from rag_sweeps.records import TrialResult
from rag_sweeps.report.data import ReportData, finite
from rag_sweeps.report.drawing import ACCENT, by_kind, figure, hovers, markers

CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class CostAxis:
    """metric: a cost of a trial; title: of the figure; unit: under the axis; note: what a reader must know."""

    metric: str
    title: str
    unit: str
    note: str = ""
    goal: Goal = "minimize"


CURRENCIES = (
    CostAxis("usd_per_1k_questions", "Dollars.", "USD per 1,000 questions", "In use, without the judge."),
    CostAxis("answer_ms_p50", "Time to answer.", "ms until an answer, median", "Of calls that were really made."),
    CostAxis("context_tokens_per_question", "Context tokens.", "context tokens per question"),
    CostAxis("search_ms_p95", "Time to search.", "ms of one search, 95th percentile", "As measured on this machine."),
    CostAxis(
        "embed_seconds", "Embedding time.", "seconds to embed corpus and questions", "Whatever a cache saved later."
    ),
)


def cost_axes(data: ReportData) -> tuple[CostAxis, ...]:
    """The currencies in which configurations differ, and the second objective of a sweep with two first."""
    second = data.decision.second
    known = {axis.metric: axis for axis in CURRENCIES}
    axes = list(CURRENCIES)
    if second is not None:
        chosen = known.get(second[0], CostAxis(second[0], "The second objective.", second[0], goal=second[1]))
        axes = [chosen, *(axis for axis in CURRENCIES if axis.metric != second[0])]
    return tuple(axis for axis in axes if _differs(data, axis))


def tradeoff(data: ReportData, axis: CostAxis) -> go.Figure:
    """Points and the Pareto front: no other is both better and cheaper. What has no such cost is left out."""
    sign = 1.0 if axis.goal == "minimize" else -1.0
    rows = [row for row in data.decision.rows if not math.isnan(price_of(row.measured.dev, axis.metric))]
    price = {row.measured.number: price_of(row.measured.dev, axis.metric) for row in rows}
    ranked = [row for row in rows if row.comparable]
    front = pareto_by_price(ranked, {number: sign * each for number, each in price.items()}, goal=data.decision.goal)
    most = max(price.values(), default=1.0) or 1.0
    end = most if axis.goal == "minimize" else 0.0
    line = go.Scatter(
        x=[*(price[row.measured.number] for row in front), *([end] if front else [])],
        y=[finite(row.value.mean) for row in (*front, *front[-1:])],
        mode="lines",
        line={"shape": "hv", "width": 2, "color": ACCENT, "dash": "dot"},
        name="Pareto front",
        hoverinfo="skip",
    )
    points = (
        go.Scatter(
            x=[price[row.measured.number] for row in group],
            y=[finite(row.value.mean) for row in group],
            **markers(kind, 10),
            text=hovers(group, data),
        )
        for kind, group in by_kind(rows, data.decision).items()
    )
    return figure(
        [line, *points],
        height=380,
        x=axis.unit,
        y=data.decision.metric,
        showlegend=True,
        xaxis={"range": [-0.04 * most, 1.05 * most]},
    )


def price_of(result: TrialResult, metric: str) -> float:
    """NaN where this configuration has no such cost."""
    try:
        return metric_interval(result, metric).mean
    except TrialError:
        return float("nan")


def _differs(data: ReportData, axis: CostAxis) -> bool:
    known = [price_of(row.measured.dev, axis.metric) for row in data.decision.rows]
    known = [price for price in known if not math.isnan(price)]
    return len(known) > 1 and max(known) - min(known) > CLOSE
