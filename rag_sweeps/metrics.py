"""Matches -> per-question scores (Q,): hit rate, MRR, recall, precision, nDCG, MAP and their character forms.

Conventions. A question without evidence has no retrieval score: NaN, left out of the mean and of its n.
A question for which nothing was retrieved scores 0. Hit rate, MRR and precision look at chunks; recall, nDCG and MAP
look at pieces of evidence, so that two overlapping chunks with the same evidence are one success and not two.
Where every relevant chunk holds exactly one piece of evidence, all six equal trec_eval's success, recip_rank (cut),
P, recall, ndcg_cut and map_cut.
"""

from __future__ import annotations

import numpy as np

from rag_sweeps.records import Bools, Floats, Ints, Matches


def hit_rate(hits: Bools, k: int) -> Floats:
    """(Q,) 1 where any of the first k chunks is relevant."""
    return np.asarray(hits[:, :k].any(axis=1), dtype=np.float64)


def reciprocal_rank(hits: Bools, k: int) -> Floats:
    """(Q,) 1 / rank of the first relevant chunk among the first k, else 0. Its mean is MRR@k."""
    cut = hits[:, :k]
    if not cut.shape[1]:
        return np.zeros(len(hits))
    return np.where(cut.any(axis=1), 1.0 / (cut.argmax(axis=1) + 1.0), 0.0)


def precision(hits: Bools, k: int) -> Floats:
    """(Q,) relevant chunks among the first k, over k (also where fewer were retrieved, as trec_eval does)."""
    share: Floats = hits[:, :k].sum(axis=1) / float(k)
    return share


def recall(new_evidence: Ints, n_evidence: Ints, k: int) -> Floats:
    """(Q,) share of the pieces of evidence found in the first k chunks."""
    found: Floats = new_evidence[:, :k].sum(axis=1) / np.maximum(n_evidence, 1)
    return found


def ndcg(new_evidence: Ints, n_evidence: Ints, k: int) -> Floats:
    """(Q,) discounted gain of each piece of evidence at the rank that first shows it, over the ideal.

    Gain 1, discount 1 / log2(rank + 1) (Järvelin and Kekäläinen 2002). The ideal is one piece per rank; a chunk
    that shows several pieces at once cannot lift the score above 1.
    """
    cut = new_evidence[:, :k]
    gain = cut @ _discounts(cut.shape[1])
    ideal = np.concatenate([[0.0], np.cumsum(_discounts(k))])[np.minimum(n_evidence, k)]
    return np.minimum(gain / np.where(ideal > 0, ideal, 1.0), 1.0)


def average_precision(new_evidence: Ints, n_evidence: Ints, k: int) -> Floats:
    """(Q,) mean over all pieces of evidence of (pieces found so far) / rank, 0 for a piece not in the first k."""
    cut = new_evidence[:, :k]
    at_rank = np.minimum(np.cumsum(cut, axis=1) / np.arange(1.0, cut.shape[1] + 1.0), 1.0)
    mean: Floats = (cut * at_rank).sum(axis=1) / np.maximum(n_evidence, 1)
    return mean


def char_recall(covered: Ints, evidence_chars: Ints) -> Floats:
    """(Q,) share of the evidence's characters that the retrieved chunks cover."""
    share: Floats = covered / np.maximum(evidence_chars, 1)
    return share


def char_precision(covered: Ints, retrieved_chars: Ints) -> Floats:
    """(Q,) covered evidence characters over all characters retrieved, overlaps counted each time.

    One passage may hold two pieces of evidence that overlap; it still counts for no more than its length.
    """
    share: Floats = np.minimum(covered, retrieved_chars) / np.maximum(retrieved_chars, 1)
    return share


def char_iou(covered: Ints, retrieved_chars: Ints, evidence_chars: Ints) -> Floats:
    """(Q,) covered over (retrieved + evidence not covered), as in "Evaluating Chunking Strategies" (Chroma, 2024)."""
    shared = np.minimum(covered, retrieved_chars)
    share: Floats = shared / np.maximum(retrieved_chars + evidence_chars - covered, 1)
    return share


def score_retrieval(matches: Matches, cutoffs: dict[str, int]) -> dict[str, Floats]:
    """Every metric at every cutoff: `family@label` -> (Q,), NaN for questions without evidence.

    cutoffs: label -> rank, e.g. {"5": 5, "top_k": 7}.
    """
    scores: dict[str, Floats] = {}
    retrieved_chars = np.cumsum(matches.retrieved_chars, axis=1)
    for label, k in cutoffs.items():
        covered = matches.covered_chars[k]
        chars = retrieved_chars[:, min(k, retrieved_chars.shape[1]) - 1]
        scores[f"hit_rate@{label}"] = hit_rate(matches.hits, k)
        scores[f"mrr@{label}"] = reciprocal_rank(matches.hits, k)
        scores[f"precision@{label}"] = precision(matches.hits, k)
        scores[f"recall@{label}"] = recall(matches.new_evidence, matches.n_evidence, k)
        scores[f"ndcg@{label}"] = ndcg(matches.new_evidence, matches.n_evidence, k)
        scores[f"map@{label}"] = average_precision(matches.new_evidence, matches.n_evidence, k)
        scores[f"char_recall@{label}"] = char_recall(covered, matches.evidence_chars)
        scores[f"char_precision@{label}"] = char_precision(covered, chars)
        scores[f"char_iou@{label}"] = char_iou(covered, chars, matches.evidence_chars)
    undefined = matches.n_evidence == 0
    return {name: np.where(undefined, np.nan, values) for name, values in scores.items()}


def _discounts(k: int) -> Floats:
    discounts: Floats = 1.0 / np.log2(np.arange(2.0, k + 2.0))
    return discounts
