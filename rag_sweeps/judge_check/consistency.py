"""The same answers judged several times -> how often a judge agrees with itself, and what its noise hides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from rag_sweeps.judge_check.estimates import Estimate, estimate_share
from rag_sweeps.records import Floats

DETECTS = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
"""Standard errors that a difference has to measure to be found four times in five at the 5 % level."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """Of one metric over R repeats of n answers.

    identical: share of answers with the same score every time. sd: of one answer's score around its own mean, pooled.
    cautious_sd: the same with one more answer whose two scores lie a step apart, so it is never 0. n_unscored: draws.
    """

    identical: Estimate
    sd: float
    cautious_sd: float
    n_unscored: int


def measure_consistency(scores: Floats, *, step: float) -> Consistency:
    """scores: (R, n), NaN where a draw was not scored; answers with fewer than two scores are left out."""
    defined = ~np.isnan(scores)
    kept = defined.sum(axis=0) >= 2
    columns = [scores[defined[:, at], at] for at in np.flatnonzero(kept)]
    variances = [float(column.var(ddof=1)) for column in columns]
    n_identical = sum(math.isclose(column.max(), column.min(), abs_tol=1e-9) for column in columns)
    n = len(columns)
    return Consistency(
        identical=estimate_share(n_identical, n),
        sd=math.sqrt(sum(variances) / n) if n else float("nan"),
        cautious_sd=math.sqrt((sum(variances) + step * step / 2) / (n + 1)) if n else float("nan"),
        n_unscored=int((~defined).sum()),
    )


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the noise of a judge alone hides when two configurations are compared on the same n questions.

    smallest: the true difference found four times in five. needed: difference -> questions it takes to find it.
    NaN and empty where no answer was scored twice.
    """

    n_questions: int
    smallest: float
    needed: dict[float, int]


def resolve(sd: float, *, n_questions: int, differences: Sequence[float]) -> Resolution:
    """Each score carries noise of `sd`; the difference of two means of n has sd * sqrt(2 / n)."""
    if math.isnan(sd):
        return Resolution(n_questions, float("nan"), {})
    return Resolution(
        n_questions=n_questions,
        smallest=DETECTS * sd * math.sqrt(2 / n_questions),
        needed={size: math.ceil(2 * (DETECTS * sd / size) ** 2) for size in differences},
    )
