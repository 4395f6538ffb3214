"""Vectors -> FAISS index -> Ranking, with what building and searching it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag_sweeps.errors import TrialError
from rag_sweeps.records import Bools, Floats, Ints, Ranking, Vectors

EXACT = "Flat"
LATENCY_SAMPLE = 50
RECALL_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Searched:
    """A ranking and its price. search_ms: (up to 50,) float64, single questions timed one by one.

    recall: share of the exact first 20 that the index found; None for an exact index.
    """

    ranking: Ranking
    build_seconds: float
    index_bytes: int
    search_ms: Floats
    recall: float | None


def search_index(chunks: Vectors, queries: Vectors, *, factory: str, search: str, depth: int) -> Searched:
    """Build an index over chunks (N, D), search it with queries (Q, D) by inner product.

    A query that is zero or not finite finds nothing (all -1). Raises TrialError when FAISS refuses the factory.
    """
    import faiss

    if not np.isfinite(chunks).all():
        bad = int((~np.isfinite(chunks)).any(axis=1).sum())
        raise TrialError(f"{bad} of {len(chunks)} chunk vectors are not finite; try embedding_precision f32")
    if not len(chunks):
        return Searched(_nothing(len(queries), depth), 0.0, 0, np.zeros(0), None)
    began = time.perf_counter()
    index = _build(faiss, chunks, factory, search)
    build_seconds = time.perf_counter() - began

    usable: Bools = np.asarray(np.isfinite(queries).all(axis=1) & queries.any(axis=1))
    asked = np.ascontiguousarray(queries[usable], dtype=np.float32)
    ranking = _scatter(_ranked(index, asked, depth, len(chunks)), usable, depth)
    search_ms = np.array([_timed_ms(index, query[None], depth) for query in asked[:LATENCY_SAMPLE]])
    recall = None
    if factory != EXACT and len(asked):
        exact = faiss.IndexFlatIP(chunks.shape[1])
        exact.add(chunks)
        recall = overlap_share(ranking.rows[usable], _ranked(exact, asked, RECALL_DEPTH, len(chunks)).rows)
    return Searched(ranking, build_seconds, int(faiss.serialize_index(index).nbytes), search_ms, recall)


def rank(rows: Ints, scores: Vectors | Floats, depth: int) -> Ranking:
    """Order candidates (Q, M) best first, ties by ascending row; row -1 is no candidate. Pads to depth with -1."""
    absent = rows < 0
    best = np.where(absent, -np.inf, scores)
    order = np.lexsort((np.where(absent, np.iinfo(np.int64).max, rows), -best), axis=-1)[:, :depth]
    ordered = np.take_along_axis(np.where(absent, -1, rows), order, axis=1)
    kept = np.where(ordered < 0, 0.0, np.take_along_axis(scores, order, axis=1))
    short = depth - ordered.shape[1]
    return Ranking(
        np.pad(ordered, ((0, 0), (0, max(short, 0))), constant_values=-1).astype(np.int64),
        np.pad(kept, ((0, 0), (0, max(short, 0)))).astype(np.float32),
    )


def overlap_share(found: Ints, exact: Ints) -> float:
    """Mean share of the exact rows (Q, K) that appear among the first K found."""
    wanted = exact >= 0
    shared = (found[:, None, : exact.shape[1]] == exact[:, :, None]).any(axis=2) & wanted
    return float((shared.sum(axis=1) / np.maximum(wanted.sum(axis=1), 1)).mean())


def _build(faiss: Any, chunks: Vectors, factory: str, search: str) -> Any:
    # HNSW links depend on the order in which threads insert; one thread gives one graph.
    threads = faiss.omp_get_max_threads()
    try:
        index = faiss.index_factory(chunks.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        if "HNSW" in factory or "NSG" in factory:
            faiss.omp_set_num_threads(1)
        index.train(chunks)
        index.add(chunks)
        if search and factory != EXACT:
            faiss.ParameterSpace().set_index_parameters(index, search)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split(" at ")[0].split("Error: ")[-1].strip() or "FAISS refused it"
        raise TrialError(
            f"index_factory {factory!r} (index_search {search!r}) cannot hold {len(chunks)} vectors of width "
            f"{chunks.shape[1]}: {reason}"
        ) from error
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def _ranked(index: Any, queries: Vectors, depth: int, n_chunks: int) -> Ranking:
    """FAISS cuts a tie at the last place as it likes: search deeper until the last score is below the cut."""
    wanted = min(depth, n_chunks)
    reach = min(wanted + 8, n_chunks)
    while True:
        scores, rows = index.search(queries, reach)
        tied = (rows[:, -1] >= 0) & (scores[:, -1] == scores[:, wanted - 1]) if len(rows) else np.zeros(0, bool)
        if reach == n_chunks or not tied.any():
            return rank(rows, scores, depth)
        reach = min(reach * 2, n_chunks)


def _timed_ms(index: Any, query: Vectors, depth: int) -> float:
    began = time.perf_counter()
    index.search(query, min(depth, index.ntotal))
    return (time.perf_counter() - began) * 1000


def _scatter(ranking: Ranking, usable: Bools, depth: int) -> Ranking:
    whole = _nothing(len(usable), depth)
    whole.rows[usable], whole.scores[usable] = ranking.rows, ranking.scores
    return whole


def _nothing(n_queries: int, depth: int) -> Ranking:
    return Ranking(np.full((n_queries, depth), -1, dtype=np.int64), np.zeros((n_queries, depth), dtype=np.float32))
