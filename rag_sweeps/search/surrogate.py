"""Values seen at some points of a space -> what to expect, and how surely, at its other points.

A Gaussian process over levels: each axis has a table of similarities between its levels, where near levels of an
ordered axis are alike and levels of an unordered one equally unlike. The kernel is a sum of main effects, of pairs and
of the whole product. Hyperparameters are not fitted but drawn from a prior and weighted by marginal likelihood, which
stays sober when three points are known. D axes, n points seen, N points asked for, M draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag_sweeps.records import Floats

Levels = npt.NDArray[np.intp]

N_DRAWS = 64
MOST_KEPT = 12
MOST_SEEN_TIMES_KEPT = 720
"""Draws that are kept times points seen: bounds the time of one suggestion."""
MOST_WEIGHED = 60
"""Observations that the draws are weighted by."""
BLOCK = 1024
MEAN_VARIANCE = 1.0
"""Of the unknown mean of each task, beside a signal variance of 1."""
SCALE_SHAPE = 2.0


@dataclass(frozen=True, slots=True)
class Axis:
    """positions: (L,) of each level in [0, 1]; NaN for a level in no order with the others.

    ordered: whether only levels with positions are in use.
    """

    positions: Floats
    ordered: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """levels: (n, D). values: (n,), about mean 0 and variance 1 within a task. noise: (n,) variances.

    task: (n,), 0 for what is searched, other numbers for related searches, whose values may lie higher or lower.
    """

    levels: Levels
    values: Floats
    noise: Floats
    task: Levels

    def only(self, kept: Levels) -> Seen:
        """Some of the observations."""
        return Seen(self.levels[kept], self.values[kept], self.noise[kept], self.task[kept])


@dataclass(frozen=True, slots=True)
class Beliefs:
    """weights: (M,) of the draws; mean, deviation: (M, N)."""

    weights: Floats
    mean: Floats
    deviation: Floats

    def expected(self) -> Floats:
        """(N,) mean over the draws."""
        average: Floats = self.weights @ self.mean
        return average


class Surrogate:
    """The posterior given what was seen; the same draws for the same seed.

    n_believed: so many, the last of `seen`, are no observations but what is expected of trials that still run. They
    say where nothing more is to be learnt, and nothing of which draws are likely.
    """

    def __init__(self, axes: Sequence[Axis], seen: Seen, *, seed: int, n_believed: int = 0) -> None:
        n = len(seen.values)
        n_real = n - n_believed
        draws = _Draws(axes, seed)
        telling = np.unique(np.linspace(0, n_real - 1, min(n_real, MOST_WEIGHED)).round().astype(np.intp))
        log_likelihood = _Fit(draws, seen.only(telling)).log_likelihood
        n_kept = min(MOST_KEPT, max(4, MOST_SEEN_TIMES_KEPT // n))
        kept = np.argsort(-log_likelihood, kind="stable")[:n_kept]
        weights = np.exp(log_likelihood[kept] - log_likelihood[kept[0]])
        self.weights: Floats = weights / weights.sum()
        self._draws, self._seen = draws.only(kept), seen
        fit = _Fit(self._draws, seen)
        self._scale, self._white, self._inverse_root = fit.scale, fit.white, np.linalg.inv(fit.root)

    def at(self, levels: Levels) -> Beliefs:
        """What is believed of task 0 at (N, D) levels."""
        means, deviations = [], []
        for at in range(0, len(levels), BLOCK):
            block = levels[at : at + BLOCK]
            between = self._draws.between(self._seen.levels, self._seen.task, block, np.zeros(len(block), np.intp))
            explained = self._inverse_root @ between
            means.append((explained * self._white).sum(axis=1))
            variance = np.maximum(1.0 + MEAN_VARIANCE - (explained**2).sum(axis=1), 1e-9)
            deviations.append(np.sqrt(variance * self._scale[:, None]))
        return Beliefs(self.weights, np.concatenate(means, axis=1), np.concatenate(deviations, axis=1))


class _Fit:
    """Of each draw: root, the Cholesky factor of the covariance; white, the values in its terms; scale, a variance."""

    def __init__(self, draws: _Draws, seen: Seen) -> None:
        n, m = len(seen.values), len(draws.noise)
        covariance = draws.between(seen.levels, seen.task, seen.levels, seen.task)
        covariance[:, np.arange(n), np.arange(n)] += draws.noise[:, None] + seen.noise
        self.root: Floats = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        values = np.broadcast_to(seen.values[:, None], (m, n, 1))
        self.white: Floats = np.asarray(np.linalg.solve(self.root, values), dtype=np.float64)
        # The signal's variance is integrated out under an inverse gamma prior of mean about 1.
        squares = SCALE_SHAPE + (self.white[..., 0] ** 2).sum(axis=1) / 2
        self.scale: Floats = squares / (SCALE_SHAPE + n / 2)
        determinant = np.log(self.root[:, np.arange(n), np.arange(n)]).sum(axis=1)
        self.log_likelihood: Floats = -determinant - (SCALE_SHAPE + n / 2) * np.log(squares)


class _Draws:
    """Hyperparameters, M of each, and the kernel they make."""

    def __init__(self, axes: Sequence[Axis], seed: int) -> None:
        random = np.random.default_rng(seed)
        shape = (len(axes), N_DRAWS)
        near = np.exp(random.normal(-0.3, 0.8, shape))
        unlike = np.exp(random.normal(0.0, 0.8, shape))
        importance = np.exp(random.normal(0.0, 1.0, shape))
        self.importance: Floats = importance / importance.sum(axis=0)
        self.additive: Floats = random.uniform(0.2, 0.95, N_DRAWS)
        self.pairs: Floats = random.uniform(0.0, 0.5, N_DRAWS)
        self.noise: Floats = np.exp(random.uniform(-9.0, -2.5, N_DRAWS))
        self.related: Floats = random.uniform(0.2, 0.98, N_DRAWS)
        self.tables = [_similarities(axis, *lengths) for axis, *lengths in zip(axes, near, unlike, strict=True)]

    def only(self, kept: Levels) -> _Draws:
        """The same with some of the draws."""
        some = object.__new__(_Draws)
        some.importance = self.importance[:, kept]
        some.additive, some.pairs = self.additive[kept], self.pairs[kept]
        some.noise, some.related = self.noise[kept], self.related[kept]
        some.tables = [table[kept] for table in self.tables]
        return some

    def between(self, first: Levels, first_task: Levels, second: Levels, second_task: Levels) -> Floats:
        """(M, n, N) covariances, the unknown mean of a task included."""
        main, squares, product = np.zeros(1), np.zeros(1), np.ones(1)
        for axis, table in enumerate(self.tables):
            alike = np.take(np.take(table, first[:, axis], axis=1), second[:, axis], axis=2)
            share = self.importance[axis][:, None, None] * alike
            main, squares, product = main + share, squares + share * share, product * alike
        # (sum)^2 = squares + 2 * pairs, so the pairs come for nothing.
        n_pairs = np.maximum(1.0 - (self.importance**2).sum(axis=0), 1e-9)[:, None, None]
        pairs = (main * main - squares) / n_pairs if len(self.tables) > 1 else product
        additive, paired = self.additive[:, None, None], self.pairs[:, None, None]
        whole = additive * main + (1.0 - additive) * (paired * pairs + (1.0 - paired) * product)
        same = first_task[:, None] == second_task[None, :]
        if same.all():
            return np.asarray(whole + MEAN_VARIANCE)
        return np.asarray(whole * np.where(same, 1.0, self.related[:, None, None]) + MEAN_VARIANCE * same)


def _similarities(axis: Axis, near: Floats, unlike: Floats) -> Floats:
    """(M, L, L): Matern 5/2 between levels that have positions, 1 on the diagonal.

    Where levels without an order are in use, any two levels have a constant in common: whatever the table, it stays
    positive definite.
    """
    placed = np.isfinite(axis.positions)
    positions = np.where(placed, axis.positions, 0.0)
    scaled = np.sqrt(5.0) * np.abs(positions[:, None] - positions) / near[:, None, None]
    matern = (1.0 + scaled + scaled**2 / 3.0) * np.exp(-scaled)
    own: Floats = np.where(placed[:, None] & placed, matern, np.eye(len(placed)))
    if axis.ordered:
        return own
    common = np.exp(-1.0 / unlike)[:, None, None]
    return common + (1.0 - common) * own
