"""Two results on the same questions -> whether the candidate may take the baseline's place.

The candidate has to be proven not worse by more than a margin: a paired, one-sided test of non-inferiority over
questions. A question that only one of them has a score for counts fully against the candidate, or is refused where a
score has no worst value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rag_sweeps.errors import InputError, TrialError
from rag_sweeps.objective import OBJECTIVE, is_figure, per_question, with_objective
from rag_sweeps.records import Floats, Split, TrialResult
from rag_sweeps.statistics import exceeds, is_share, questions_needed, smallest_detectable_difference

LEVEL = 0.05
DEFAULT_MARGIN = 0.02
OBJECTIVE_SETTINGS = ("quality_metric", "cost_metric", "cost_weight")
RULERS = ("relevance_overlap",)
"""Parameters that measure rather than being measured: results with different ones share no scale."""


@dataclass(frozen=True, slots=True)
class Gate:
    """difference, low, high: candidate less baseline in the direction of the goal, and its one-sided 95 % bounds.

    smallest: the smallest true difference to the margin that this many questions show four times in five;
    questions_needed: how many it would take to show the difference seen, None where it lies below the margin.
    n_missing: questions that only one has a score for. same_trial: both are one and the same result.
    """

    metric: str
    split: Split
    baseline_id: str
    candidate_id: str
    baseline_mean: float
    candidate_mean: float
    n: int
    n_missing: int
    difference: float
    low: float
    high: float
    margin: float
    level: float
    p: float
    smallest: float
    questions_needed: int | None
    same_trial: bool

    @property
    def is_promoted(self) -> bool:
        return self.same_trial or self.p <= self.level


def gate(
    baseline: TrialResult, candidate: TrialResult, *, metric: str | None = None, margin: float | None = None
) -> Gate:
    """Raises InputError where the two cannot be compared, or the metric cannot be tested."""
    check_comparable(baseline, candidate)
    metric = metric or _usual_metric(baseline, candidate)
    baseline, candidate = (_with_metric(result, metric) for result in (baseline, candidate))
    bounded = is_share(metric) or metric == OBJECTIVE
    if margin is None and not bounded:
        raise InputError(f"{metric} has no usual margin; say how much worse is acceptable with --margin, in its unit")
    margin = DEFAULT_MARGIN if margin is None else margin
    if not margin >= 0:
        raise InputError(f"margin {margin:g}: it is how much worse is still acceptable; give 0 or more")
    sign = 1.0 if bounded else -1.0
    theirs, ours = per_question(baseline, metric), _aligned(candidate, baseline, metric)
    defined = ~np.isnan(theirs) | ~np.isnan(ours)
    missing = np.isnan(theirs) != np.isnan(ours)
    if not (defined & ~missing).any():
        raise InputError(f"{metric} has no score on the {baseline.split} questions in both results")
    if missing.any() and not bounded:
        raise InputError(f"{missing.sum()} questions have {metric} in one result only; measure the trial again")
    bounds = _bounds(baseline, candidate, metric) if bounded else None
    differences = sign * (ours - theirs)[defined]
    if bounds is not None:
        differences = np.clip(np.where(np.isnan(differences), bounds[0], differences), *bounds)
    found = exceeds(differences, -margin, level=LEVEL, bounds=bounds)
    return Gate(
        metric=metric,
        split=baseline.split,
        baseline_id=baseline.trial_id,
        candidate_id=candidate.trial_id,
        baseline_mean=float(np.nanmean(theirs)),
        candidate_mean=float(np.nanmean(ours)),
        n=found.n,
        n_missing=int(missing.sum()),
        difference=found.mean,
        low=found.low,
        high=found.high,
        margin=margin,
        level=LEVEL,
        p=found.p,
        smallest=smallest_detectable_difference(differences, level=2 * LEVEL),
        questions_needed=questions_needed(differences + margin, level=2 * LEVEL) if found.mean > -margin else None,
        same_trial=baseline.trial_id == candidate.trial_id,
    )


def check_comparable(baseline: TrialResult, candidate: TrialResult) -> None:
    """Raises InputError where the two were not measured with the same ruler on the same questions."""
    for what, theirs, ours, remedy in (
        ("golden set", baseline.golden_digest[:12], candidate.golden_digest[:12], "measure both on one golden set"),
        ("split", baseline.split, candidate.split, "measure both on one split"),
        ("judge", *(_judges(result) for result in (baseline, candidate)), "score both with one judge"),
        *((name, *_rulers(name, baseline, candidate), "measure both with one") for name in RULERS),
    ):
        if theirs != ours:
            raise InputError(f"the two have different {what}s: baseline {theirs}, candidate {ours}; {remedy}")
    if set(baseline.question_ids) != set(candidate.question_ids):
        n_shared = len(set(baseline.question_ids) & set(candidate.question_ids))
        raise InputError(
            f"the two were asked different questions: baseline {len(baseline.question_ids)}, "
            f"candidate {len(candidate.question_ids)}, {n_shared} in both; measure both on the same"
        )


def _rulers(name: str, *results: TrialResult) -> tuple[object, ...]:
    return tuple(result.params.get(name) for result in results)


def _judges(result: TrialResult) -> str:
    versions = {record.verdict.judge_version for record in result.questions if record.verdict is not None}
    return ", ".join(sorted(versions)) or "none"


def _usual_metric(baseline: TrialResult, candidate: TrialResult) -> str:
    theirs, ours = (str(result.params.get("quality_metric", "mrr@10")) for result in (baseline, candidate))
    if theirs != ours:
        raise InputError(f"the two were searched for different metrics, {theirs} and {ours}; choose with --metric")
    return ours


def _with_metric(result: TrialResult, metric: str) -> TrialResult:
    """The result with the metric, which has a value per question. The objective is that of its own parameters."""
    try:
        if metric == OBJECTIVE and OBJECTIVE not in result.per_question:
            result = with_objective(result, _objective_settings(result.params))
        per_question(result, metric)
    except TrialError as error:
        raise InputError(f"{error}; choose another with --metric") from error
    if is_figure(result, metric):
        raise InputError(f"{metric} is one figure of the whole trial: no test over questions; choose another --metric")
    return result


def _objective_settings(params: Mapping[str, object]) -> dict[str, object]:
    missing = [name for name in OBJECTIVE_SETTINGS if name not in params]
    if missing:
        raise InputError(f"the result does not say its {missing[0]}, so it has no objective; choose another --metric")
    return {name: params[name] for name in OBJECTIVE_SETTINGS}


def _aligned(candidate: TrialResult, baseline: TrialResult, metric: str) -> Floats:
    """The candidate's scores in the baseline's order of questions."""
    place = {question: at for at, question in enumerate(candidate.question_ids)}
    return per_question(candidate, metric)[[place[question] for question in baseline.question_ids]]


def _bounds(baseline: TrialResult, candidate: TrialResult, metric: str) -> tuple[float, float]:
    """What no difference leaves: a whole point either way, and for an objective the costs as far apart as seen."""
    if metric != OBJECTIVE:
        return -1.0, 1.0
    settings = [_objective_settings(result.params) for result in (baseline, candidate)]
    if settings[0] != settings[1]:
        raise InputError("the two have different objectives; choose a metric with --metric")
    quality = str(settings[0]["quality_metric"])
    gains = _aligned(candidate, baseline, metric) - per_question(baseline, metric)
    costs = gains - (_aligned(candidate, baseline, quality) - per_question(baseline, quality))
    known = costs[~np.isnan(costs)]
    return (-1.0 + float(known.min()), 1.0 + float(known.max())) if len(known) else (-1.0, 1.0)
