"""Scores of many configurations -> how much the best of them looks better than it is, because it was chosen."""

from __future__ import annotations

import numpy as np

from rag_sweeps.records import Floats
from rag_sweeps.statistics.intervals import draws


def expected_optimism(scores: Floats, *, seed: int = 0) -> float:
    """Winner's curse of taking the best of C configurations by their mean over (Q, C) scores, higher better.

    On each resample of the questions the best is chosen again; its mean there less its mean on all questions,
    averaged (after Tibshirani and Tibshirani 2009). 0 for a single configuration; NaN without questions.
    """
    n_questions, n_configurations = scores.shape
    if n_questions == 0:
        return float("nan")
    if n_configurations == 1:
        return 0.0
    resampled = draws(n_questions, seed) @ scores / n_questions
    chosen = resampled.argmax(axis=1)
    seen = resampled[np.arange(len(resampled)), chosen]
    return max(0.0, float((seen - scores.mean(axis=0)[chosen]).mean()))
