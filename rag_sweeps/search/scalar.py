"""Values of one or several objectives -> one number each, to be maximised, about mean 0 and variance 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag_sweeps.records import Floats

AUGMENTATION = 0.05
"""Share of the plain sum in the augmented Tchebycheff function (Knowles 2006, ParEGO)."""


def weights_of(n_objectives: int, *, seed: int) -> Floats:
    """(n_objectives,) weights that sum to 1, another direction of the Pareto front for every seed."""
    drawn: Floats = np.random.default_rng(seed).dirichlet(np.ones(n_objectives))
    return drawn


def as_one(values: Sequence[tuple[float, ...]], weights: Floats) -> Floats:
    """(n,) of (n, objectives): the value itself, or the augmented Tchebycheff function of the scaled values."""
    table = np.array(values, dtype=np.float64)
    if table.shape[1] == 1:
        return table[:, 0]
    low, high = table.min(axis=0), table.max(axis=0)
    # 1 at the best of each objective, 0 at the worst; losses are taken from the best.
    losses = (high - table) / np.where(high > low, high - low, 1.0) * weights
    return np.asarray(-(losses.max(axis=1) + AUGMENTATION * losses.sum(axis=1)))


def standardised(values: Floats) -> Floats:
    """Mean 0 and variance 1; all 0 where all are the same."""
    spread = float(values.std())
    return np.asarray((values - values.mean()) / (spread if spread > 1e-12 * (1.0 + abs(values).max()) else 1.0))


def ranks(values: Floats) -> Floats:
    """(n,) ranks, equal ones shared: a front of two objectives is then spread evenly, whatever their scales."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    return np.asarray((below + (counts - 1) / 2.0)[place], dtype=np.float64)
