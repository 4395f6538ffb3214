"""Chunks + questions -> what a retriever finds: BM25, dense, or both fused by reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from rag_sweeps.embedding import embed, open_embedder, shape_vectors
from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.index import Searched, rank, search_index
from rag_sweeps.lexical import search_bm25
from rag_sweeps.parameters import TrialParams, effective
from rag_sweeps.protocols import Caller, Embedder, Progress
from rag_sweeps.records import PIPELINE_VERSION, Bools, Embedded, Floats, Ranking, Usage
from rag_sweeps.store.files import digest_of
from rag_sweeps.store.rankings import get_or_search


@dataclass(frozen=True, slots=True)
class Retrieved:
    """One ranking for all cutoffs, and its price.

    failed: (Q,) bool, questions whose vector was not finite. usage: what embedding the corpus and questions took.
    legs: retriever -> its ranking, for every one that was searched; a fused one is made of two others.
    """

    ranking: Ranking
    legs: Mapping[str, Ranking]
    build_seconds: float
    index_bytes: int
    search_ms: Floats
    index_recall: float | None
    failed: Bools
    usage: tuple[Usage, ...]
    truncated_share: float


def retrieve(
    params: TrialParams,
    golden: GoldenSet,
    chunks: Sequence[str],
    questions: Sequence[str],
    *,
    caller: Caller | None = None,
    trial_id: str = "",
    progress: Progress,
) -> Retrieved:
    """Search every question at the largest depth; cutoffs and top_k are read off the result."""
    legs: dict[str, Searched] = {}
    embedded: list[Embedded] = []
    usage: tuple[Usage, ...] = ()
    if params.retriever in ("bm25", "hybrid"):
        key = _key(params, "bm25", chunks, questions)
        legs["bm25"] = get_or_search(key, lambda: search_bm25(params, chunks, questions))
    if params.retriever in ("dense", "hybrid"):
        embedder = open_embedder(params, golden, caller=caller, trial_id=trial_id)
        embedded = [
            embed(embedder, chunks, role="document", progress=progress),
            embed(embedder, questions, role="query", progress=progress),
        ]
        n_bad = int((~np.isfinite(embedded[0].vectors)).any(axis=1).sum())
        if n_bad:
            raise TrialError(f"{n_bad} of {len(chunks)} chunk vectors are not finite; try embedding_precision f32")
        key = _key(params, "dense", [embedder.identity, *chunks], questions)
        legs["dense"] = get_or_search(key, lambda: _search_dense(params, *embedded))
        usage = tuple(_usage(embedder, params, part) for part in embedded)
    failed: Bools = np.zeros(len(questions), dtype=bool)
    if embedded:
        failed = np.asarray(~np.isfinite(embedded[1].vectors).all(axis=1))
    rankings = {name: leg.ranking for name, leg in legs.items()}
    if params.retriever == "hybrid":
        rankings["hybrid"] = _fuse(params, legs["bm25"], legs["dense"])
    searched = list(legs.values())
    return Retrieved(
        ranking=rankings[params.retriever],
        legs=rankings,
        build_seconds=sum(leg.build_seconds for leg in searched),
        index_bytes=sum(leg.index_bytes for leg in searched),
        search_ms=np.sum([leg.search_ms[: min(len(part.search_ms) for part in searched)] for leg in searched], axis=0),
        index_recall=searched[-1].recall,
        failed=failed,
        usage=usage,
        truncated_share=float(embedded[0].truncated.mean()) if embedded and len(embedded[0].truncated) else 0.0,
    )


def reciprocal_rank_fusion(
    first: Ranking, second: Ranking, *, k: int, weights: tuple[float, float], depth: int
) -> Ranking:
    """score(row) = sum of weight / (k + rank), rank from 1 (Cormack, Clarke and Büttcher 2009)."""
    rows = np.concatenate([first.rows, second.rows], axis=1)
    shares = [
        np.where(ranking.rows >= 0, weight / (k + np.arange(1.0, ranking.rows.shape[1] + 1.0)), 0.0)
        for ranking, weight in ((first, weights[0]), (second, weights[1]))
    ]
    scores = np.concatenate(shares, axis=1)
    order = np.argsort(rows, axis=1, kind="stable")
    rows, scores = np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)
    # A row found by both rankings stands twice, side by side after sorting: the first takes both scores.
    twin = np.zeros(rows.shape, dtype=bool)
    twin[:, 1:] = (rows[:, 1:] == rows[:, :-1]) & (rows[:, 1:] >= 0)
    scores[:, :-1] += np.where(twin[:, 1:], scores[:, 1:], 0.0)
    kept = ~twin & (scores > 0)
    return rank(np.where(kept, rows, -1), scores, depth)


def _search_dense(params: TrialParams, chunks: Embedded, questions: Embedded) -> Searched:
    width = chunks.vectors.shape[1]
    if params.embedding_dimensions is not None and params.embedding_dimensions > width > 0:
        raise TrialError(
            f"embedding_dimensions {params.embedding_dimensions} is more than the {width} of {params.embedding_model}"
        )
    cosine = params.similarity == "cosine"
    shaped = [
        shape_vectors(part, dimensions=params.embedding_dimensions, cosine=cosine) for part in (chunks, questions)
    ]
    return search_index(
        shaped[0].vectors,
        shaped[1].vectors,
        factory=params.index_factory,
        search=params.index_search,
        depth=params.retrieval_depth,
    )


def _fuse(params: TrialParams, lexical: Searched, dense: Searched) -> Ranking:
    weights = (1.0 - params.dense_weight, params.dense_weight)
    return reciprocal_rank_fusion(
        lexical.ranking, dense.ranking, k=params.rrf_k, weights=weights, depth=params.retrieval_depth
    )


_AFTER_RETRIEVAL = {
    *("retriever", "rrf_k", "dense_weight", "relevance_overlap", "top_k"),
    *("max_context_tokens", "generator", "answer_sentences", "abstain_below", "answer_prompt", "max_answer_tokens"),
    *("temperature", "reasoning_effort", "judge", "judge_prompt", "max_judge_tokens", "judge_reasoning_effort"),
    *("structured_output", "compatible_base_url"),
}


def _key(params: TrialParams, leg: str, chunks: Sequence[str], questions: Sequence[str]) -> str:
    """Digest of everything that decides one leg's ranking, the texts themselves included."""
    values = effective({**asdict(params), "retriever": leg})
    decides = {name: value for name, value in values.items() if name not in _AFTER_RETRIEVAL}
    return digest_of([PIPELINE_VERSION, leg, decides, list(chunks), list(questions)])


def _usage(embedder: Embedder, params: TrialParams, part: Embedded) -> Usage:
    return Usage(
        provider=embedder.usage_provider,
        model=params.embedding_model.partition(":")[2] or params.embedding_model,
        purpose="embed",
        input_tokens=int(part.n_tokens.sum()),
        latency_s=float(part.seconds.sum()),
    )
