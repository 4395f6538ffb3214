"""Per-question scores -> intervals, paired tests and the set of configurations tied with the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rag_sweeps.records import Floats, Interval

CONFIDENCE = 0.95
RESAMPLES = 2_000
PERMUTATIONS = 10_000


def bootstrap_intervals(scores: Mapping[str, Floats], *, seed: int = 0) -> dict[str, Interval]:
    """Mean and percentile bootstrap interval (Efron 1979) of each (Q,) array over its defined questions.

    NaN marks a question on which a metric is not defined; n counts the others. All metrics share the resamples.
    """
    if not scores:
        return {}
    values = np.column_stack(list(scores.values()))
    if not len(values):
        return {name: Interval(float("nan"), float("nan"), float("nan"), 0) for name in scores}
    defined = ~np.isnan(values)
    n_questions = len(values)
    draws = _draws(n_questions, seed)
    sums, counts = draws @ np.where(defined, values, 0.0), draws @ defined.astype(np.float64)
    with np.errstate(invalid="ignore"):
        means = sums / counts
    tail = (1 - CONFIDENCE) / 2
    intervals = {}
    for column, name in enumerate(scores):
        n = int(defined[:, column].sum())
        if n == 0:
            intervals[name] = Interval(float("nan"), float("nan"), float("nan"), 0)
            continue
        low, high = np.nanquantile(means[:, column], [tail, 1 - tail])
        intervals[name] = Interval(float(values[defined[:, column], column].mean()), float(low), float(high), n)
    return intervals


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """First minus second over the n questions on which both are defined; p is two-sided and not yet corrected."""

    mean: float
    low: float
    high: float
    p: float
    n: int


def paired_difference(first: Floats, second: Floats, *, seed: int = 0) -> PairedDifference:
    """Bootstrap interval and sign-flip permutation test of the mean paired difference.

    p = (1 + flips at least as extreme) / (1 + flips) (Phipson and Smyth 2010), so it is never 0.
    """
    difference = first - second
    difference = difference[~np.isnan(difference)]
    n = len(difference)
    if n == 0:
        return PairedDifference(float("nan"), float("nan"), float("nan"), 1.0, 0)
    interval = bootstrap_intervals({"difference": difference}, seed=seed)["difference"]
    return PairedDifference(interval.mean, interval.low, interval.high, _sign_flip_p(difference, seed), n)


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment (1979): controls the chance of any false difference among all tested."""
    order = np.argsort(p_values, kind="stable")
    m = len(p_values)
    stepped = np.maximum.accumulate(p_values[order] * (m - np.arange(m)))
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def smallest_detectable_difference(differences: Floats, *, power: float = 0.8, level: float = 0.05) -> float:
    """The true mean difference that a two-sided paired test on these questions would find with this power.

    Normal approximation: (z_(1 - level / 2) + z_power) * sd / sqrt(n). NaN below two questions.
    """
    from statistics import NormalDist

    differences = differences[~np.isnan(differences)]
    if len(differences) < 2:
        return float("nan")
    z = NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(power)
    return float(z * differences.std(ddof=1) / np.sqrt(len(differences)))


def _sign_flip_p(difference: Floats, seed: int) -> float:
    observed = abs(difference.sum())
    if not difference.any():
        return 1.0
    # A flip that equals the observed sum up to rounding is as extreme.
    extreme = np.abs(_signs(len(difference), seed) @ difference) >= observed - 1e-9 * max(1.0, observed)
    return float((1 + extreme.sum()) / (1 + PERMUTATIONS))


@lru_cache(maxsize=8)
def _draws(n_questions: int, seed: int) -> Floats:
    """(RESAMPLES, Q) how often each question is drawn; the same for every metric and trial."""
    share = np.full(n_questions, 1 / n_questions)
    return np.random.default_rng(seed).multinomial(n_questions, share, RESAMPLES).astype(np.float64)


@lru_cache(maxsize=8)
def _signs(n_questions: int, seed: int) -> Floats:
    """(PERMUTATIONS, Q) of -1 and 1."""
    return np.random.default_rng(seed).integers(0, 2, (PERMUTATIONS, n_questions)).astype(np.float64) * 2.0 - 1.0
