"""TrialResult -> what a sweep optimises: any logged metric, or quality minus weighted cost, question by question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from rag_sweeps.errors import TrialError
from rag_sweeps.records import Floats, Interval, TrialResult
from rag_sweeps.statistics import bounded_interval, is_share, mean_intervals

OBJECTIVE = "objective"


def with_objective(result: TrialResult, settings: Mapping[str, object]) -> TrialResult:
    """Add `objective` = quality_metric - cost_weight * cost_metric. A stored result serves any objective."""
    quality_metric = str(settings["quality_metric"])
    quality = per_question(result, quality_metric)
    weight = float(str(settings["cost_weight"]))
    cost = weight * per_question(result, str(settings["cost_metric"])) if weight else np.zeros(len(quality))
    scores = quality - cost
    return replace(
        result,
        per_question={**result.per_question, OBJECTIVE: scores},
        metrics={**result.metrics, OBJECTIVE: _interval(scores, quality_metric, cost)},
    )


def is_figure(result: TrialResult, metric: str) -> bool:
    """Whether a metric is one figure of the whole trial: nothing varies over questions, so nothing can be tested."""
    return metric not in result.per_question


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
    values = per_question(result, metric)
    if is_figure(result, metric):
        return Interval(float(values[0]), float(values[0]), float(values[0]), len(values))
    return mean_intervals({metric: values})[metric]


def objective_range(cost: Floats, *, weight: float) -> tuple[float, float]:
    """What a quality in [0, 1] less these costs, times their weight, can be at worst and at best."""
    known = cost[~np.isnan(cost)]
    return (0.0 - weight * float(known.max()), 1.0 - weight * float(known.min())) if len(known) else (0.0, 1.0)


def scalars(result: TrialResult) -> dict[str, float]:
    """Figures that belong to the trial as a whole."""
    numbers = {name: value for name, value in asdict(result.costs).items() if isinstance(value, int | float)}
    return {name: float(value) for name, value in numbers.items()} | {
        "n_chunks": float(result.n_chunks),
        "truncated_share": result.truncated_share,
        "n_failed": float(result.n_failed),
        "n_unscored": float(result.n_unscored),
    }


def _interval(scores: Floats, quality_metric: str, cost: Floats) -> Interval:
    """A share less a cost is bounded too: by the dearest question of this trial below, by its cheapest above."""
    low, high = objective_range(cost[~np.isnan(scores)], weight=1.0)
    defined = scores[~np.isnan(scores)]
    slack = 1e-9 * max(1.0, abs(low), abs(high))
    if is_share(quality_metric) and len(defined) and low - slack <= defined.min() and defined.max() <= high + slack:
        return bounded_interval(scores, low=low, high=high)
    return mean_intervals({OBJECTIVE: scores})[OBJECTIVE]
