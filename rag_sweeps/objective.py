"""TrialResult -> what a sweep optimises: any logged metric, or quality minus weighted cost, question by question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from rag_sweeps.errors import TrialError
from rag_sweeps.records import Floats, Interval, TrialResult
from rag_sweeps.statistics import bootstrap_intervals

OBJECTIVE = "objective"


def with_objective(result: TrialResult, settings: Mapping[str, object]) -> TrialResult:
    """Add `objective` = quality_metric - cost_weight * cost_metric. A stored result serves any objective."""
    quality = per_question(result, str(settings["quality_metric"]))
    weight = float(str(settings["cost_weight"]))
    scores = quality - weight * per_question(result, str(settings["cost_metric"])) if weight else quality
    return replace(
        result,
        per_question={**result.per_question, OBJECTIVE: scores},
        metrics={**result.metrics, OBJECTIVE: bootstrap_intervals({OBJECTIVE: scores})[OBJECTIVE]},
    )


def per_question(result: TrialResult, metric: str) -> Floats:
    """(Q,) values of a metric; a figure of the whole trial (a cost, a count) stands for every question."""
    if metric in result.per_question:
        return result.per_question[metric]
    value = scalars(result).get(metric)
    if value is None:
        raise TrialError(f"metric {metric!r} was not measured by this trial; it has {', '.join(result.metrics)}")
    return np.full(len(result.question_ids), value)


def metric_interval(result: TrialResult, metric: str) -> Interval:
    """The mean of a metric with its interval; a scalar is its own interval."""
    if metric in result.metrics:
        return result.metrics[metric]
    return bootstrap_intervals({metric: per_question(result, metric)})[metric]


def scalars(result: TrialResult) -> dict[str, float]:
    """Figures that belong to the trial as a whole."""
    numbers = {name: value for name, value in asdict(result.costs).items() if isinstance(value, int | float)}
    return {name: float(value) for name, value in numbers.items()} | {
        "n_chunks": float(result.n_chunks),
        "truncated_share": result.truncated_share,
        "n_failed": float(result.n_failed),
        "n_unscored": float(result.n_unscored),
    }
