"""The first proposals: a spread over names (models, chunkers, retrievers) before much is made of the values."""

from __future__ import annotations

import numpy as np

from rag_sweeps.records import Bools
from rag_sweeps.search.encoding import IDLE_LEVEL, Encoding
from rag_sweeps.search.space import SearchSpace
from rag_sweeps.search.surrogate import Levels

LONGEST_OPENING = 8
FEWEST_LEVELS = 3
"""An axis of names with fewer levels is left to the surrogate, unless the names are models."""
MODELS = ("embedding_model", "generator")


def opening(space: SearchSpace, encoding: Encoding, levels: Levels, tried: Levels, *, n_trials: int) -> Bools:
    """(N,) which of the candidates to choose among: those with an untried name, while the search is young.

    Asking for as many untried names as possible at once is worse: it leaves the surrogate no choice.
    """
    untried = np.zeros(len(levels), dtype=bool)
    if n_trials < LONGEST_OPENING:
        for axis, n_levels in encoding.unordered().items():
            is_model = space.is_ours and list(space.distributions)[axis] in MODELS
            if n_levels >= FEWEST_LEVELS or is_model:
                untried |= ~np.isin(levels[:, axis], tried[:, axis]) & (levels[:, axis] != IDLE_LEVEL)
    return untried if untried.any() else np.ones(len(levels), dtype=bool)
