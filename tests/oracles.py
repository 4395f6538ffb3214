"""Definitions in words as slow loops over characters, sets and dicts, and builders of small inputs for the tests."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rag_sweeps.records import ChunkTable, EvidenceTable, Ranking, TrialCosts, TrialResult
from rag_sweeps.statistics import mean_intervals

Place = tuple[int, int, int]
"""Document, start, end."""

Piece = list[Place]
"""The alternatives of one piece of evidence, the author's own first."""


def examples(number: int) -> settings:
    """Settings of a property test: the same examples in every run, and no limit on the time of one."""
    return settings(max_examples=number, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def chunk_table(places: Sequence[Place], n_tokens: Sequence[int] | None = None) -> ChunkTable:
    columns = np.array(list(places), dtype=np.int64).reshape(-1, 3).T
    tokens = [end - start for _, start, end in places] if n_tokens is None else list(n_tokens)
    return ChunkTable(
        doc=columns[0].copy(), start=columns[1].copy(), end=columns[2].copy(), n_tokens=np.array(tokens, dtype=np.int64)
    )


def evidence_table(questions: Sequence[Sequence[Piece]]) -> EvidenceTable:
    rows = []
    number = 0
    for question, pieces in enumerate(questions):
        for piece in pieces:
            rows += [(question, number, *place) for place in piece]
            number += 1
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return EvidenceTable(
        question=columns[0].copy(),
        evidence=columns[1].copy(),
        doc=columns[2].copy(),
        start=columns[3].copy(),
        end=columns[4].copy(),
        n_evidence=np.array([len(pieces) for pieces in questions], dtype=np.int64),
    )


def ranking(rows: Sequence[Sequence[int]]) -> Ranking:
    """A ranking with falling scores; -1 scores 0."""
    table = np.array([list(row) for row in rows], dtype=np.int64).reshape(len(rows), -1)
    scores = np.array([[0.0 if row < 0 else 1 / (r + 1) for r, row in enumerate(rs)] for rs in rows], dtype=np.float32)
    return Ranking(table, scores.reshape(table.shape))


def characters(place: Place) -> set[tuple[int, int]]:
    doc, start, end = place
    return {(doc, position) for position in range(start, end)}


def is_relevant(chunk: Place, span: Place, overlap: float) -> bool:
    """The decimal the config shows is what counts: 0.55 of 100 characters is 55 characters."""
    shared = len(characters(chunk) & characters(span))
    shorter = min(len(characters(chunk)), len(characters(span)))
    return shared > 0 and shared >= Fraction(str(overlap)) * shorter


def finds(chunk: Place, piece: Piece, overlap: float) -> bool:
    return any(is_relevant(chunk, span, overlap) for span in piece)


def covered_chars(retrieved: Sequence[Place], pieces: Sequence[Piece]) -> int:
    """Each piece by its best alternative, and never more than its own length."""
    seen: set[tuple[int, int]] = set()
    for chunk in retrieved:
        seen |= characters(chunk)
    return sum(min(len(characters(piece[0])), max(len(characters(span) & seen) for span in piece)) for piece in pieces)


def ndcg(new_evidence: Sequence[int], n_evidence: int, k: int) -> float:
    gain = sum(new / math.log2(rank + 1) for rank, new in enumerate(new_evidence[:k], start=1))
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(n_evidence, k) + 1))
    return min(1.0, gain / ideal)


def average_precision(new_evidence: Sequence[int], n_evidence: int, k: int) -> float:
    """A piece found at a rank counts the share (pieces so far) / rank, which is a share: at most 1."""
    total, so_far = 0.0, 0
    for rank, new in enumerate(new_evidence[:k], start=1):
        so_far += new
        total += new * min(1.0, so_far / rank)
    return total / n_evidence


def order(scores: Mapping[int, float], depth: int) -> list[int]:
    """Best first, ties by ascending row, -1 where there is nothing more."""
    rows = sorted(scores, key=lambda row: (-scores[row], row))[:depth]
    return rows + [-1] * (depth - len(rows))


def bm25_lucene(chunks: Sequence[Sequence[str]], question: Sequence[str], *, k1: float, b: float) -> dict[int, float]:
    """Row -> score of the chunks that share a term with the question."""
    mean_length = sum(len(chunk) for chunk in chunks) / len(chunks)
    scores: dict[int, float] = {}
    for row, chunk in enumerate(chunks):
        for term in question:
            frequency = sum(word == term for word in chunk)
            if frequency == 0:
                continue
            n_with = sum(term in other for other in chunks)
            idf = math.log(1 + (len(chunks) - n_with + 0.5) / (n_with + 0.5))
            length = 1 - b + b * len(chunk) / mean_length
            scores[row] = scores.get(row, 0.0) + idf * frequency / (frequency + k1 * length)
    return scores


def fused(first: Sequence[int], second: Sequence[int], *, k: int, weights: tuple[float, float]) -> dict[int, float]:
    scores: dict[int, float] = {}
    for rows, weight in ((first, weights[0]), (second, weights[1])):
        for rank, row in enumerate(rows, start=1):
            if row >= 0:
                scores[row] = scores.get(row, 0.0) + weight / (k + rank)
    return scores


def holm(p_values: Sequence[float]) -> list[float]:
    """Smallest first: times the number not yet tested; never below the one before; never above 1."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for step, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def make_result(
    scores: Sequence[float],
    *,
    metric: str = "mrr@10",
    usd_per_1k_questions: float = 0.0,
    context_tokens_per_question: float = 100.0,
    embed_seconds: float = 1.0,
    index_build_seconds: float = 0.0,
    **params: object,
) -> TrialResult:
    """A finished trial with these scores per question."""
    per_question = {metric: np.array(scores, dtype=np.float64)}
    costs = TrialCosts(
        usd={},
        usd_to_index=0.0,
        usd_per_1k_questions=usd_per_1k_questions,
        embed_tokens=0,
        embed_seconds=embed_seconds,
        index_build_seconds=index_build_seconds,
        index_bytes=0,
        search_ms_p50=1.0,
        search_ms_p95=2.0,
        context_tokens_per_question=context_tokens_per_question,
    )
    return TrialResult(
        trial_id=f"{params}",
        split="dev",
        params=params,
        golden_digest="0",
        question_ids=tuple(str(number) for number in range(len(scores))),
        per_question=per_question,
        metrics=mean_intervals(per_question),
        questions=(),
        costs=costs,
        n_chunks=10,
        truncated_share=0.0,
        index_recall=None,
        n_failed=0,
        n_unscored=0,
        stage_seconds={},
        environment={},
    )


FRAGMENTS = (
    *(
        "word",
        "Word",
        "a",
        "fee is 12.50",
        "e\u0301",
        "한국어",
        "값",
        "กำ",
        "ค่า",
        "中文。",
        "👩‍👩‍👧",
        "👍🏽",
        "\U0001d54f",
    ),
    *(
        " ",
        "  ",
        "\t",
        "\u00a0",
        "\u3000",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\r\n\r\n",
        "\u2028",
        "\x0c",
        "\x00",
        "\ufffd",
        "\u200d",
    ),
    *(
        ". ",
        "! ",
        "? ",
        "# Head\n",
        "## Sub\n\n",
        "Setext\n===\n",
        "```\n",
        "~~~",
        "| a | b |\n",
        "|---|---|\n",
        "- item\n",
    ),
    *("> quote\n", "    code\n", "<p>", "***\n", "[x]: y\n", "x" * 130, "<|endoftext|>", "[UNK]", "[CLS]"),
)

AWKWARD = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=14).map("".join)
"""Texts that break tokenizers, sentence splitters and Markdown parsers."""

TIKTOKEN_CACHE = Path(__file__).parents[2] / "shared" / "data" / "tiktoken_cache"
if TIKTOKEN_CACHE.is_dir():
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(TIKTOKEN_CACHE))

needs_tiktoken = pytest.mark.skipif(
    "TIKTOKEN_CACHE_DIR" not in os.environ, reason=f"no {TIKTOKEN_CACHE} and no network: tiktoken has no encoding"
)
