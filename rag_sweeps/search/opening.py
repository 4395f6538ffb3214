"""The first proposals: a spread over names (models, chunkers, retrievers) before anything is made of the values."""

from __future__ import annotations

import numpy as np

from rag_sweeps.records import Bools
from rag_sweeps.search.encoding import IDLE_LEVEL, Encoding
from rag_sweeps.search.surrogate import Levels

LONGEST_OPENING = 8
FEWEST_LEVELS = 3
"""An axis of names with fewer levels is left to the surrogate."""


def opening(encoding: Encoding, levels: Levels, tried: Levels) -> Bools:
    """(N,) which of the candidates to choose among: those with most untried names, while the search is young."""
    n_new = np.zeros(len(levels), dtype=np.int64)
    if len(tried) < LONGEST_OPENING:
        for axis, n_levels in encoding.unordered().items():
            if n_levels >= FEWEST_LEVELS:
                n_new += ~np.isin(levels[:, axis], tried[:, axis]) & (levels[:, axis] != IDLE_LEVEL)
    return np.asarray(n_new == n_new.max(initial=0))
