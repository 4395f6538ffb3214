"""Paired differences -> how sure it is that their mean lies above a threshold: the test of non-inferiority."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rag_sweeps.records import Floats
from rag_sweeps.statistics.intervals import draws
from rag_sweeps.statistics.sign_flips import sign_flip_p

SIMPLEX_DRAWS = 20_000


@dataclass(frozen=True, slots=True)
class OneSided:
    """mean of n differences; p against a true mean at or below the threshold. low is above the threshold where
    p < level; low, high: interval at 1 - 2 * level, each end wrong with chance `level`."""

    mean: float
    low: float
    high: float
    p: float
    n: int


def exceeds(
    differences: Floats,
    threshold: float,
    *,
    level: float = 0.05,
    bounds: tuple[float, float] | None = None,
    seed: int = 0,
) -> OneSided:
    """bounds: what no difference can leave; then Gaffke's test, which a rare loss that nobody saw cannot deceive.

    A candidate that loses one question in twenty, at a margin of .05 on 60 questions, passes it in 4 % of 600 samples;
    a sign-flip test lets 20 % pass, since such differences are not symmetric.

    Without bounds: a sign-flip test of the differences less the threshold, with a bootstrap interval.
    """
    n = len(differences)
    mean = float(differences.mean())
    if bounds is None:
        both = sign_flip_p(differences - threshold)
        means = draws(n, seed) @ differences / n
        p = both / 2 if mean > threshold else 1 - both / 2
        return OneSided(mean, float(np.quantile(means, level)), float(np.quantile(means, 1 - level)), p, n)
    spacings = _spacings(n, seed)
    inside, total = spacings[:, :n] @ differences, spacings.sum(axis=1)
    lower = (inside + spacings[:, n] * bounds[0]) / total
    upper = (inside + spacings[:, n] * bounds[1]) / total
    p = float((1 + (lower <= threshold).sum()) / (1 + SIMPLEX_DRAWS))
    return OneSided(mean, float(np.quantile(lower, level)), float(np.quantile(upper, 1 - level)), p, n)


@lru_cache(maxsize=2)
def _spacings(n: int, seed: int) -> Floats:
    """(SIMPLEX_DRAWS, n + 1); a row over its sum is uniform on the simplex."""
    return np.random.default_rng(seed).standard_exponential((SIMPLEX_DRAWS, n + 1))
