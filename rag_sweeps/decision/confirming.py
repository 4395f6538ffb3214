"""Configurations on the held-out split -> gains that owe nothing to the choice, and what is left of the dev score."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag_sweeps.decision.values import Confirmation, Goal, Measured
from rag_sweeps.objective import is_figure, metric_interval, per_question
from rag_sweeps.records import Floats, Interval, TrialResult
from rag_sweeps.statistics import Comparison, PairedDifference, compared, paired_difference

Z_95 = 1.959964


def held_out_gains(
    recommended: Measured, measured: Sequence[Measured], *, metric: str, goal: Goal
) -> dict[str, Comparison]:
    """Baseline name -> the recommended configuration against it, Holm's p over the baselines."""
    ours = recommended.test
    theirs = {
        entry.baseline: entry.test
        for entry in measured
        if entry.baseline is not None and entry.test is not None and entry.number != recommended.number
    }
    if ours is None:
        return {}
    differences = [_paired(ours, result, metric, goal) for result in theirs.values()]
    return dict(zip(theirs, compared(differences), strict=True))


def confirmation(recommended: Measured, *, metric: str, goal: Goal) -> Confirmation | None:
    """None where it was not measured on the held-out split, or has no score there."""
    if recommended.test is None:
        return None
    dev, test = metric_interval(recommended.dev, metric), metric_interval(recommended.test, metric)
    if not test.n:
        return None
    sign = 1.0 if goal == "maximize" else -1.0
    change = sign * (test.mean - dev.mean)
    error = math.hypot(
        _standard_error(per_question(recommended.dev, metric)), _standard_error(per_question(recommended.test, metric))
    )
    return Confirmation(dev, test, Interval(change, change - Z_95 * error, change + Z_95 * error, dev.n + test.n))


def _paired(ours: TrialResult, theirs: TrialResult, metric: str, goal: Goal) -> PairedDifference:
    """By question id: the two may hold their questions in another order."""
    sign = 1.0 if goal == "maximize" else -1.0
    other = dict(zip(theirs.question_ids, per_question(theirs, metric).tolist(), strict=True))
    values = per_question(ours, metric)
    aligned = values * float("nan")
    for at, question in enumerate(ours.question_ids):
        aligned[at] = other.get(question, float("nan"))
    found = paired_difference(sign * values, sign * aligned)
    if is_figure(ours, metric):
        return PairedDifference(found.mean, found.mean, found.mean, float("nan"), found.n)
    return found


def _standard_error(scores: Floats) -> float:
    defined = scores[scores == scores]
    return float(defined.std(ddof=1)) / math.sqrt(len(defined)) if len(defined) > 1 else float("nan")
