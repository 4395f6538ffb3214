"""Ranking x evidence -> the mean of every retrieval metric at every small cutoff: what another top_k would bring."""

from __future__ import annotations

import warnings

import numpy as np

from rag_sweeps.metrics import score_retrieval
from rag_sweeps.records import CURVE_DEPTH, ChunkTable, EvidenceTable, Ranking
from rag_sweeps.relevance import context_tokens, match

CONTEXT_TOKENS = "context_tokens_per_question"


def mean_curves(
    ranking: Ranking, chunks: ChunkTable, evidence: EvidenceTable, *, overlap: float
) -> dict[str, tuple[float, ...]]:
    """Metric family -> means at the cutoffs 1 to CURVE_DEPTH over the questions that have evidence; so for tokens."""
    cutoffs = range(1, CURVE_DEPTH + 1)
    matches = match(ranking, chunks, evidence, overlap=overlap, cutoffs=tuple(cutoffs))
    scores = score_retrieval(matches, {str(k): k for k in cutoffs})
    scores |= {f"{CONTEXT_TOKENS}@{k}": context_tokens(ranking, chunks, k) for k in cutoffs}
    answerable = evidence.n_evidence > 0
    curves: dict[str, list[float]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of no question is NaN, as it should be
        for name, values in scores.items():
            curves.setdefault(name.partition("@")[0], []).append(float(np.mean(values[answerable])))
    return {family: tuple(means) for family, means in curves.items()}
