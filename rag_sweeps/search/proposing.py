"""What is known + candidates -> the next proposal: expected improvement per expense under the surrogate."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

from rag_sweeps.records import Floats
from rag_sweeps.search.candidates import Pool, around, candidates, is_listed
from rag_sweeps.search.encoding import Encoding
from rag_sweeps.search.expense import relative_expense, vectors_of
from rag_sweeps.search.history import History
from rag_sweeps.search.opening import opening
from rag_sweeps.search.space import SearchSpace
from rag_sweeps.search.surrogate import Beliefs
from rag_sweeps.search.telling import Told

POWER_OF_EXPENSE = 0.1
"""Small: a sweep is paid for in trials first, in embeddings second."""
N_GOOD = 5
N_CLIMBS = 2
ROUNDING = 1e-6


def propose(space: SearchSpace, history: History, *, seed: int) -> dict[str, Any]:
    """A proposal nobody has tried; {} where none is left.

    One whose value is already known is proposed when it beats every trial by more than any other is expected to.
    """
    told = Told(history, seed=seed)
    settled = {*history.taken, *history.known}
    tried = [*history.taken.values(), *(observed.params for observed in history.known.values())]
    pool, encoding = candidates(space, settled, told.good(N_GOOD), seed=seed), Encoding(space)
    open_to = opening(space, encoding, pool.levels, encoding.encode(tried))
    pool = pool.where(open_to)
    if not told.valued:
        return random.Random(seed).choice(pool.proposals) if pool else {}

    surrogate = told.surrogate(encoding, pool.levels)
    paid = {vectors_of(space, params) for params in tried}

    def worth(pool: Pool) -> Floats:
        gains = expected_improvement(surrogate.at(pool.levels), told.best)
        expenses = [relative_expense(vectors, paid) for vectors in pool.vectors]
        return np.asarray(gains / np.array(expenses) ** POWER_OF_EXPENSE)

    gains = worth(pool) if pool else np.zeros(0)
    if not is_listed(space) and open_to.all():
        rng = np.random.default_rng(seed)
        for _ in range(N_CLIMBS):
            top = [pool.proposals[at] for at in np.argsort(-gains, kind="stable")[:N_GOOD]]
            nearby = around(space, top, {*settled, *pool.identities}, rng)
            if not nearby:
                break
            pool, gains = pool + nearby, np.concatenate([gains, worth(nearby)])
    known = _better_known(space, told, float(gains.max(initial=0.0)))
    if known is not None:
        return known
    if not pool:
        return {}
    # Names that nobody has tried are worth the same but for rounding, which differs between machines.
    tied = np.flatnonzero(gains >= gains.max() * (1.0 - ROUNDING))
    return pool.proposals[random.Random(seed).choice(tied.tolist())]


def expected_improvement(beliefs: Beliefs, best: float) -> Floats:
    """(N,) mean over the draws of E max(value - best, 0)."""
    from scipy.special import ndtr

    above = (beliefs.mean - best) / beliefs.deviation
    density = np.exp(-above * above / 2.0) / math.sqrt(2.0 * math.pi)
    improvement: Floats = beliefs.weights @ (beliefs.deviation * (above * ndtr(above) + density))
    return improvement


def _better_known(space: SearchSpace, told: Told, expected: float) -> dict[str, Any] | None:
    found = told.best_untried()
    if found is None or found[1] <= expected:
        return None
    inside = {name: value for name, value in found[0].items() if name in space.distributions}
    return inside if space.contains(inside) else None
