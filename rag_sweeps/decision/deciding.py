"""Measured configurations -> Decision: rank, test against the best and the baselines, choose, and say how sure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rag_sweeps.decision.comparability import Comparable, comparable
from rag_sweeps.decision.confirming import confirmation, held_out_gains
from rag_sweeps.decision.front import pareto
from rag_sweeps.decision.tagging import tag_results
from rag_sweeps.decision.values import ALPHA, Decision, Goal, Measured, Resolution, Row
from rag_sweeps.objective import metric_interval
from rag_sweeps.records import Floats, TrialResult
from rag_sweeps.statistics import (
    Comparison,
    PairedDifference,
    compared,
    expected_optimism,
    paired_differences,
    questions_needed,
    smallest_detectable_difference,
)

NOTHING = PairedDifference(float("nan"), float("nan"), float("nan"), float("nan"), 0)


def decide(
    measured: Sequence[Measured],
    *,
    metric: str,
    goal: Goal,
    cost_counts: bool = False,
    second: tuple[str, Goal] | None = None,
    tags: Mapping[str, Sequence[str]] | None = None,
) -> Decision:
    """Rank by the metric's mean over dev questions, test every pair with the best, pick the cheapest of the tied.

    cost_counts: the metric already charges for cost. Then the leader is recommended: choosing a cheaper one among the
    tied would count its cost twice. second: another objective, for a Pareto front. tags: question id -> its tags.

    Configurations whose metric is defined on other questions than that of most are set apart. Raises InputError
    where it is defined on none.
    """
    found = comparable(measured, metric=metric, goal=goal)
    ranked, scores = _ranked(found), found.scores
    leader = ranked[0]
    differences = _against(leader, ranked, found)
    tests = compared(differences[1:])
    versus = _versus_baselines(ranked, found)
    rows = [Row(leader, metric_interval(leader.dev, metric), differences[0], 1.0, True, True, versus[leader.number])]
    for entry, test in zip(ranked[1:], tests, strict=True):
        value, difference = metric_interval(entry.dev, metric), test.difference
        tied = difference.mean == 0 if math.isnan(test.p_adjusted) else test.p_adjusted > ALPHA
        rows.append(Row(entry, value, difference, test.p_adjusted, bool(tied), True, versus[entry.number]))
    apart = [
        Row(entry, metric_interval(entry.dev, metric), NOTHING, float("nan"), tied=False, comparable=False)
        for entry in found.apart
    ]
    recommended = rows[0]
    if not cost_counts:
        recommended = min((row for row in rows if row.tied), key=lambda row: cost_key(row.measured.dev))
    table = np.column_stack([scores[entry.number] for entry in ranked])
    return Decision(
        metric=metric,
        goal=goal,
        rows=(*rows, *apart),
        best=rows[0],
        recommended=recommended,
        gains=recommended.versus,
        test_gains=held_out_gains(recommended.measured, measured, metric=metric, goal=goal),
        resolution=_resolution(table) if found.is_tested else Resolution(float("nan"), float("nan"), None),
        optimism=expected_optimism(table) if found.is_tested else 0.0,
        confirmation=confirmation(recommended.measured, metric=metric, goal=goal),
        by_tag=tag_results(found, recommended.measured, leader, tags or {}) if found.is_tested else (),
        is_tested=found.is_tested,
        second=second,
        front=tuple(pareto(rows, second=second, goal=goal)) if second else (),
    )


def cost_key(result: TrialResult) -> tuple[float, float, float]:
    """What cheap means: dollars per 1,000 questions, then context tokens per question, then indexing seconds."""
    costs = result.costs
    indexing_seconds = costs.embed_seconds + costs.index_build_seconds
    return costs.usd_per_1k_questions, costs.context_tokens_per_question, indexing_seconds


def _ranked(found: Comparable) -> list[Measured]:
    return sorted(
        found.entries,
        key=lambda entry: (-float(found.scores[entry.number].mean()), *cost_key(entry.dev), entry.number),
    )


def _against(reference: Measured, ranked: Sequence[Measured], found: Comparable) -> list[PairedDifference]:
    """Each against the reference, in order."""
    scores = found.scores
    differences = paired_differences([scores[entry.number] for entry in ranked], scores[reference.number])
    if found.is_tested:
        return differences
    return [PairedDifference(each.mean, each.mean, each.mean, float("nan"), each.n) for each in differences]


def _versus_baselines(ranked: Sequence[Measured], found: Comparable) -> dict[int, dict[str, Comparison]]:
    """number -> baseline name -> comparison, corrected over every pair of a configuration and a baseline.

    So the one that is recommended pays for having been chosen among all.
    """
    baselines = [entry for entry in ranked if entry.baseline is not None]
    keys, differences = [], []
    for baseline in baselines:
        for entry, difference in zip(ranked, _against(baseline, ranked, found), strict=True):
            if entry.number != baseline.number:
                keys.append((entry.number, str(baseline.baseline)))
                differences.append(difference)
    versus: dict[int, dict[str, Comparison]] = {entry.number: {} for entry in ranked}
    for (number, name), comparison in zip(keys, compared(differences), strict=True):
        versus[number][name] = comparison
    return versus


def _resolution(table: Floats) -> Resolution:
    """The median over the configurations, since each pair varies by itself."""
    gaps = table[:, :1] - table[:, 1:]
    if not gaps.shape[1]:
        return Resolution(float("nan"), float("nan"), None)
    level = ALPHA / gaps.shape[1]
    reach = [smallest_detectable_difference(gap, level=level) for gap in gaps.T]
    detectable = float(np.nanmedian(reach)) if not np.isnan(reach).all() else float("nan")
    return Resolution(detectable, float(gaps[:, 0].mean()), questions_needed(gaps[:, 0], level=level))
