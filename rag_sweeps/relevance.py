"""Ranking x evidence -> which retrieved chunks hold the answer, and how much of it.

A chunk is relevant when it shares at least `overlap` of the shorter of (chunk, evidence span) with a span.
Spans that only touch share nothing. Any alternative of a piece of evidence (the same text elsewhere) finds it.
"""

from __future__ import annotations

import numpy as np

from rag_sweeps.records import Bools, ChunkTable, EvidenceTable, Floats, Ints, Matches, Ranking


def match(
    ranking: Ranking, chunks: ChunkTable, evidence: EvidenceTable, *, overlap: float, cutoffs: tuple[int, ...]
) -> Matches:
    """Compare every retrieved chunk with every evidence span of its question; E x K interval arithmetic."""
    n_questions, depth = ranking.rows.shape
    retrieved = ranking.rows >= 0
    rows = np.where(retrieved, ranking.rows, 0)
    chunk_doc, chunk_start, chunk_end = (
        (column[rows] if len(chunks) else np.zeros_like(rows)) for column in (chunks.doc, chunks.start, chunks.end)
    )
    lengths = np.where(retrieved, chunk_end - chunk_start, 0)

    of = evidence.question
    same = retrieved[of] & (chunk_doc[of] == evidence.doc[:, None])
    begin = np.maximum(chunk_start[of], evidence.start[:, None])
    end = np.minimum(chunk_end[of], evidence.end[:, None])
    shared = np.where(same, np.maximum(end - begin, 0), 0)
    span_chars = evidence.end - evidence.start
    # Lengths are whole characters: the tolerance only undoes rounding of overlap * length.
    enough = overlap * np.minimum(lengths[of], span_chars[:, None]) - 1e-9
    relevant = (shared > 0) & (shared >= enough)

    hits = np.zeros((n_questions, depth), dtype=bool)
    asked, first_of_question = np.unique(of, return_index=True)
    if len(asked):
        hits[asked] = np.logical_or.reduceat(relevant, first_of_question, axis=0)

    piece, first_row = np.unique(evidence.evidence, return_index=True)
    found = np.logical_or.reduceat(relevant, first_row, axis=0) if len(piece) else relevant[:0]
    rank_found = np.where(found.any(axis=1), found.argmax(axis=1), -1)
    new_evidence = np.zeros((n_questions, depth), dtype=np.int64)
    seen = rank_found >= 0
    np.add.at(new_evidence, (of[first_row][seen], rank_found[seen]), 1)

    evidence_chars = np.zeros(n_questions, dtype=np.int64)
    np.add.at(evidence_chars, of[first_row], span_chars[first_row])
    covered = {}
    for cutoff in cutoffs:
        per_span = _union_chars(begin[:, :cutoff], end[:, :cutoff], shared[:, :cutoff] > 0)
        per_piece = np.maximum.reduceat(per_span, first_row) if len(piece) else per_span[:0]
        covered[cutoff] = np.zeros(n_questions, dtype=np.int64)
        # An alternative may differ in length where white space was reflowed; no piece counts for more than itself.
        np.add.at(covered[cutoff], of[first_row], np.minimum(per_piece, span_chars[first_row]))
    return Matches(hits, new_evidence, evidence.n_evidence, lengths, evidence_chars, covered)


def context_tokens(ranking: Ranking, chunks: ChunkTable, top_k: int) -> Floats:
    """(Q,) tokens of the top_k passages, what a generator would be sent; overlaps counted each time."""
    rows = ranking.rows[:, :top_k]
    tokens = chunks.n_tokens[np.where(rows >= 0, rows, 0)] if len(chunks) else np.zeros_like(rows)
    total: Floats = np.where(rows >= 0, tokens, 0).sum(axis=1).astype(np.float64)
    return total


def _union_chars(begin: Ints, end: Ints, present: Bools) -> Ints:
    """(E,) length of the union of up to K intervals per row."""
    far = np.iinfo(np.int64).max
    order = np.argsort(np.where(present, begin, far), axis=1, kind="stable")
    begin = np.take_along_axis(np.where(present, begin, 0), order, axis=1)
    end = np.take_along_axis(np.where(present, end, 0), order, axis=1)
    present = np.take_along_axis(present, order, axis=1)
    reached = np.maximum.accumulate(end, axis=1)
    before = np.concatenate([np.zeros((len(end), 1), dtype=np.int64), reached[:, :-1]], axis=1)
    added = np.where(present, np.maximum(end - np.maximum(begin, before), 0), 0)
    union: Ints = added.sum(axis=1)
    return union
