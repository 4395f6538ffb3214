"""ReportData -> what the page's script needs, as plain JSON values."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from rag_sweeps.decision import Measured
from rag_sweeps.objective import scalars
from rag_sweeps.records import CUTOFFS
from rag_sweeps.report.data import ReportData, finite, label, settings
from rag_sweeps.report.effects import effect
from rag_sweeps.report.figures import hit_rate_curve, intervals
from rag_sweeps.report.importance import Importance, importance_figure
from rag_sweeps.report.parallel import parallel_coordinates
from rag_sweeps.report.questions import browser
from rag_sweeps.report.tradeoffs import cost_axes, tradeoff


def payload(data: ReportData, found: Importance) -> dict[str, Any]:
    """figures: name -> plotly JSON without a template; configurations: number -> all it has; browser: see there."""
    return {
        "figures": {name: plain_figure(drawn) for name, drawn in figures(data, found).items()},
        "configurations": {str(row.measured.number): _details(row.measured) for row in data.decision.rows},
        "browser": browser(data),
    }


def figures(data: ReportData, found: Importance) -> dict[str, go.Figure]:
    """Every plot of the page; one that has nothing to show is missing."""
    drawn = {"intervals": intervals(data)}
    drawn |= {f"effect-{at}": effect(data, name) for at, name in enumerate(data.swept) if matters(data, name)}
    if found.shares:
        drawn["importance"] = importance_figure(found)
    if data.swept:
        drawn["parallel"] = parallel_coordinates(data)
    drawn |= {f"tradeoff-{at}": tradeoff(data, axis) for at, axis in enumerate(cost_axes(data))}
    if all(f"hit_rate@{k}" in row.measured.dev.metrics for row in data.decision.rows for k in CUTOFFS):
        drawn["hit-rate"] = hit_rate_curve(data)
    return drawn


def matters(data: ReportData, name: str) -> bool:
    """Whether any configuration feels this parameter."""
    return any(name in settings(row.measured) for row in data.decision.rows)


def plain_figure(drawn: go.Figure) -> dict[str, Any]:
    """data and layout; the page supplies the template."""
    plain: dict[str, Any] = drawn.to_plotly_json()
    plain["layout"].pop("template", None)
    return {"data": plain["data"], "layout": plain["layout"]}


def _details(measured: Measured) -> dict[str, Any]:
    """All metrics [name, mean, low, high, n], figures of the whole trial and parameters, for one opened row."""
    result, chosen = measured.dev, settings(measured)
    return {
        "label": label(measured),
        "trial_id": result.trial_id,
        "metrics": [
            [name, finite(value.mean), finite(value.low), finite(value.high), value.n]
            for name, value in sorted(result.metrics.items(), key=lambda pair: _natural(pair[0]))
        ],
        "scalars": [[name, finite(value)] for name, value in scalars(result).items()],
        "params": [
            [name, "null" if value is None else str(value), name in chosen] for name, value in result.params.items()
        ],
    }


def _natural(name: str) -> tuple[str, int]:
    """mrr@3 before mrr@10."""
    family, _, cutoff = name.partition("@")
    return family, int(cutoff) if cutoff.isdigit() else 10**9
