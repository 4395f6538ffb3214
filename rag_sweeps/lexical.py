"""Chunk texts + questions -> BM25 ranking (bm25s), with the tokenizer, stemmer and constants a config names."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from rag_sweeps.errors import TrialError
from rag_sweeps.index import LATENCY_SAMPLE, Searched, rank
from rag_sweeps.parameters import TrialParams
from rag_sweeps.tokenization import tokenize_words

WORD_PATTERN = r"(?u)\b\w+\b"


def search_bm25(params: TrialParams, chunks: Sequence[str], questions: Sequence[str]) -> Searched:
    """Rank chunks for every question. A chunk that shares no term with the question is not retrieved."""
    import bm25s

    depth = params.retrieval_depth
    began = time.perf_counter()
    words = words_of(params, chunks)
    index = bm25s.BM25(method=params.bm25_method, k1=params.bm25_k1, b=params.bm25_b, backend="numpy")
    chunks_with: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(words):
        for word in set(text):
            chunks_with[word].append(row)
    if chunks_with:
        index.index(words, show_progress=False)
    build_seconds = time.perf_counter() - began

    scores = np.zeros((len(questions), len(chunks)), dtype=np.float32)
    shared = np.zeros(scores.shape, dtype=bool)
    search_ms = []
    for number, asked in enumerate(words_of(params, questions)):
        began = time.perf_counter()
        terms = [word for word in asked if word in chunks_with]
        if terms:
            scores[number] = index.get_scores(terms)
            shared[number, [row for term in terms for row in chunks_with[term]]] = True
        if number < LATENCY_SAMPLE:
            search_ms.append((time.perf_counter() - began) * 1000)
    rows = np.where(shared, np.arange(len(chunks), dtype=np.int64), -1)
    size = sum(part.nbytes for part in index.scores.values() if hasattr(part, "nbytes")) if chunks_with else 0
    return Searched(rank(rows, scores, depth), build_seconds, int(size), np.array(search_ms), None)


def words_of(params: TrialParams, texts: Sequence[str]) -> list[list[str]]:
    """What BM25 counts: stemmed words without stop words, or the word pieces of the chunk tokenizer."""
    import bm25s

    if params.bm25_tokenizer == "wordpieces":
        return tokenize_words(list(texts), params.tokenizer)
    tokens = bm25s.tokenize(
        list(texts),
        lower=True,
        token_pattern=WORD_PATTERN,
        stopwords=[] if params.bm25_stopwords == "none" else params.bm25_stopwords,
        stemmer=_stemmer(params.bm25_stemmer),
        return_ids=False,
        show_progress=False,
    )
    return list(tokens)


@lru_cache(maxsize=8)
def _stemmer(language: str) -> Any:
    if language == "none":
        return None
    import Stemmer

    if language not in Stemmer.algorithms():
        raise TrialError(f"bm25_stemmer {language!r} is unknown; use none or one of {', '.join(Stemmer.algorithms())}")
    return Stemmer.Stemmer(language)
