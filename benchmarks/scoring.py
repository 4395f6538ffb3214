"""Scoring 20,000 questions x 100 ranks, 5 relevant each: rag_sweeps, pytrec_eval and ranx on the same rankings.

Six metrics at cutoff 10: hit rate (trec_eval's success), MRR, precision, recall, nDCG and MAP. The required ratio
compares evaluation alone, on what each tool evaluates: arrays, dicts of dicts, ranx's typed lists. Beside it stands
the ratio with conversion, ours from spans: every chunk is one document's character range and every relevant one is a
span of evidence, so matching spans is part of it. We score three character metrics more in the same call. The line of
five cutoffs is what a trial asks for: all metrics at 1, 3, 5, 10 and 20.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.verdicts import Line, conclude
from rag_sweeps.metrics import reciprocal_rank, score_retrieval
from rag_sweeps.records import CUTOFFS, ChunkTable, EvidenceTable, Floats, Ints, Matches, Ranking
from rag_sweeps.relevance import match

N_QUESTIONS, DEPTH, N_RELEVANT, N_CHUNKS, K = 20_000, 100, 5, 1_000, 10
CHUNK_CHARS = 100
ROUNDS = 5
FASTER = 8.0
AGREEMENT = 1e-9

TREC_NAMES = {
    "hit_rate@10": "success_10",
    "precision@10": "P_10",
    "recall@10": "recall_10",
    "ndcg@10": "ndcg_cut_10",
    "map@10": "map_cut_10",
    "mrr@100": "recip_rank",
}
"""trec_eval does not cut recip_rank: it is MRR at the depth of the ranking."""

RANX_NAMES = {
    "hit_rate@10": "hit_rate@10",
    "mrr@10": "mrr@10",
    "precision@10": "precision@10",
    "recall@10": "recall@10",
    "ndcg@10": "ndcg@10",
    "map@10": "map@10",
}


def main() -> int:
    ranking, relevant = simulate()
    chunks, evidence = as_spans(relevant)
    convert_ours = lambda: match(ranking, chunks, evidence, overlap=0.5, cutoffs=(K,))  # noqa: E731
    matches = convert_ours()
    all_cutoffs = replace(matches, covered_chars=dict.fromkeys(CUTOFFS, matches.covered_chars[K]))
    ours = own_scores(matches)
    timed: dict[str, Callable[[], Any]] = {
        "rag_sweeps, evaluation": lambda: score_retrieval(matches, {"10": K}),
        "rag_sweeps, five cutoffs": lambda: score_retrieval(all_cutoffs, {str(k): k for k in CUTOFFS}),
        "rag_sweeps, from spans": lambda: score_retrieval(convert_ours(), {"10": K}),
    }
    converted: dict[str, float] = {}
    lines = []
    for tool, load in {"pytrec_eval": load_pytrec_eval, "ranx": load_ranx}.items():
        began = time.perf_counter()
        try:
            evaluate, names, scores = load(ranking, relevant)
        except ImportError as missing:
            print(f"without {tool}: {missing}; pip install -e '.[bench]'")
            continue
        converted[tool] = time.perf_counter() - began
        theirs = scores(evaluate())
        worst = max(float(np.abs(ours[name] - theirs[theirs_name]).max()) for name, theirs_name in names.items())
        lines.append(
            Line(f"{tool}: largest difference of a score", f"{worst:.1e}", f"<= {AGREEMENT}", worst <= AGREEMENT)
        )
        timed[tool] = evaluate
    seconds = fastest(timed)
    own, from_spans = seconds["rag_sweeps, evaluation"], seconds["rag_sweeps, from spans"]
    lines += [Line(f"{what}, s", f"{taken:.4f}") for what, taken in seconds.items()]
    for tool, spent in converted.items():
        ratio = seconds[tool] / own
        lines.append(Line(f"times faster than {tool}", f"{ratio:.1f}", f">= {FASTER:.0f}", ratio >= FASTER))
        lines.append(Line(f"{tool}: conversion, s", f"{spent:.2f}"))
        lines.append(
            Line(f"times faster than {tool}, both from scratch", f"{(seconds[tool] + spent) / from_spans:.1f}")
        )
    return conclude(f"{N_QUESTIONS:,} questions x {DEPTH} ranks, {N_RELEVANT} relevant, fastest of {ROUNDS}", lines)


def simulate() -> tuple[Ranking, Ints]:
    """A ranking of distinct chunks with falling scores, and the relevant chunks (Q, 5) of each question.

    About half of the relevant ones are retrieved, more often near the top.
    """
    draw = np.random.default_rng(0)
    rows = np.argsort(draw.random((N_QUESTIONS, N_CHUNKS), dtype=np.float32), axis=1)[:, : DEPTH + N_RELEVANT]
    relevant = rows[:, DEPTH:].copy()
    ranked = rows[:, :DEPTH].copy()
    for column in range(N_RELEVANT):
        place = (draw.random(N_QUESTIONS) ** 2 * DEPTH / N_RELEVANT).astype(np.int64) * N_RELEVANT + column
        found = np.flatnonzero(draw.random(N_QUESTIONS) < 0.5)
        ranked[found, place[found]] = relevant[found, column]
    scores = np.broadcast_to(np.linspace(1.0, 0.01, DEPTH, dtype=np.float32), ranked.shape)
    return Ranking(ranked.astype(np.int64), np.ascontiguousarray(scores)), relevant.astype(np.int64)


def as_spans(relevant: Ints) -> tuple[ChunkTable, EvidenceTable]:
    """Chunk n is characters [100 n, 100 n + 100) of one document; evidence is the middle of a relevant chunk."""
    start = np.arange(N_CHUNKS, dtype=np.int64) * CHUNK_CHARS
    chunks = ChunkTable(np.zeros_like(start), start, start + CHUNK_CHARS, np.full_like(start, 20))
    rows = np.sort(relevant, axis=1).ravel()
    evidence = EvidenceTable(
        question=np.repeat(np.arange(N_QUESTIONS, dtype=np.int64), N_RELEVANT),
        evidence=np.arange(len(rows), dtype=np.int64),
        doc=np.zeros_like(rows),
        start=start[rows] + 30,
        end=start[rows] + 70,
        n_evidence=np.full(N_QUESTIONS, N_RELEVANT, dtype=np.int64),
    )
    return chunks, evidence


def own_scores(matches: Matches) -> dict[str, Floats]:
    """Our (Q,) scores under the names of TREC_NAMES and RANX_NAMES."""
    return score_retrieval(matches, {"10": K}) | {"mrr@100": reciprocal_rank(matches.hits, DEPTH)}


Loaded = tuple[Callable[[], Any], Mapping[str, str], Callable[[Any], Mapping[str, Floats]]]
"""What evaluates, our names -> the tool's, and what turns its answer into (Q,) arrays in our order."""


def load_pytrec_eval(ranking: Ranking, relevant: Ints) -> Loaded:
    import pytrec_eval

    qrels, run = _dicts(ranking, relevant)
    evaluator = pytrec_eval.RelevanceEvaluator(
        qrels, {"success.10", "P.10", "recall.10", "ndcg_cut.10", "map_cut.10", "recip_rank"}
    )

    def scores(answer: Mapping[str, Mapping[str, float]]) -> Mapping[str, Floats]:
        return {
            name: np.array([answer[str(question)][name] for question in range(N_QUESTIONS)])
            for name in TREC_NAMES.values()
        }

    return lambda: evaluator.evaluate(run), TREC_NAMES, scores


def load_ranx(ranking: Ranking, relevant: Ints) -> Loaded:
    from ranx import Qrels, Run, evaluate

    qrels, run = (part(given) for part, given in zip((Qrels, Run), _dicts(ranking, relevant), strict=True))
    order = np.array([int(question) for question in run.keys()])  # noqa: SIM118  # Run is no mapping
    names = list(RANX_NAMES.values())

    def scores(answer: Mapping[str, Floats]) -> Mapping[str, Floats]:
        return {name: values[np.argsort(order)] for name, values in answer.items()}

    return lambda: evaluate(qrels, run, names, return_mean=False), RANX_NAMES, scores


def fastest(timed: Mapping[str, Callable[[], Any]]) -> dict[str, float]:
    """Seconds of the best of several rounds that take turns, after one that warms up."""
    best = dict.fromkeys(timed, np.inf)
    for number in range(ROUNDS + 1):
        for what, run in timed.items():
            gc.collect()
            began = time.perf_counter()
            run()
            if number:
                best[what] = min(best[what], time.perf_counter() - began)
    return best


def _dicts(ranking: Ranking, relevant: Ints) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    qrels = {str(question): {str(row): 1 for row in rows} for question, rows in enumerate(relevant.tolist())}
    scores = ranking.scores[0].astype(np.float64).tolist()
    run = {
        str(question): {str(row): score for row, score in zip(rows, scores, strict=True)}
        for question, rows in enumerate(ranking.rows.tolist())
    }
    return qrels, run


if __name__ == "__main__":
    sys.exit(main())
