"""Scores of two configurations on the same questions -> their difference, its interval, its test and its correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rag_sweeps.records import Floats
from rag_sweeps.statistics.intervals import bootstrap_intervals
from rag_sweeps.statistics.sign_flips import sign_flip_p

ALPHA = 0.05
Finding = Literal["better", "worse", "not proven different", "not tested"]


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """First minus second over the n questions on which both are defined; p is two-sided and not yet corrected.

    p is NaN where nothing can be tested: the metric is one figure per trial.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int


NOTHING_SHARED = PairedDifference(float("nan"), float("nan"), float("nan"), 1.0, 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A difference, positive where the first is better, with its p corrected for all that were looked at with it."""

    difference: PairedDifference
    p_adjusted: float

    @property
    def finding(self) -> Finding:
        """Decided by the test, never by whether an interval covers 0."""
        if np.isnan(self.p_adjusted):
            return "not tested"
        if self.p_adjusted > ALPHA or self.difference.n == 0:
            return "not proven different"
        return "better" if self.difference.mean > 0 else "worse"


def paired_difference(first: Floats, second: Floats, *, seed: int = 0) -> PairedDifference:
    """Bootstrap interval and sign-flip test of the mean paired difference of two (Q,) arrays."""
    return paired_differences([first], second, seed=seed)[0]


def paired_differences(firsts: Sequence[Floats], second: Floats, *, seed: int = 0) -> list[PairedDifference]:
    """The same for many against one; they share their resamples."""
    differences = {str(at): first - second for at, first in enumerate(firsts)}
    intervals = bootstrap_intervals(differences, seed=seed)
    return [
        PairedDifference(interval.mean, interval.low, interval.high, sign_flip_p(differences[name]), interval.n)
        if interval.n
        else NOTHING_SHARED
        for name, interval in intervals.items()
    ]


def compared(differences: Sequence[PairedDifference]) -> list[Comparison]:
    """Each with Holm's p over all of them; what cannot be tested takes no part."""
    adjusted = holm(np.array([difference.p for difference in differences], dtype=np.float64))
    return [Comparison(each, float(p)) for each, p in zip(differences, adjusted, strict=True)]


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment (1979): controls the chance of any false difference among all tested.

    NaN stays NaN and is not counted.
    """
    tested = ~np.isnan(p_values)
    values = p_values[tested]
    order = np.argsort(values, kind="stable")
    m = len(values)
    stepped = np.empty(m)
    stepped[order] = np.minimum(np.maximum.accumulate(values[order] * (m - np.arange(m))), 1.0)
    adjusted = np.full(len(p_values), np.nan)
    adjusted[tested] = stepped
    return adjusted
