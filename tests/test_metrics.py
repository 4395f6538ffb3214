from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import oracles
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st
from oracles import Piece, Place, chunk_table, evidence_table, examples, ranking

from rag_sweeps import metrics
from rag_sweeps.records import Matches
from rag_sweeps.relevance import match

FAMILIES = ("hit_rate", "mrr", "precision", "recall", "ndcg", "map", "char_recall", "char_precision", "char_iou")


def hits(*rows: Sequence[int]) -> np.ndarray:
    return np.array(rows, dtype=bool)


def whole(*rows: Sequence[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int64)


def test_hit_rate_is_one_as_soon_as_any_chunk_above_the_cutoff_is_relevant() -> None:
    table = hits([0, 0, 1], [1, 0, 0], [0, 0, 0])
    assert metrics.hit_rate(table, 2).tolist() == [0, 1, 0]
    assert metrics.hit_rate(table, 3).tolist() == [1, 1, 0]
    assert metrics.hit_rate(table, 9).tolist() == [1, 1, 0]


def test_reciprocal_rank_looks_at_the_first_hit_above_the_cutoff() -> None:
    table = hits([0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0])
    assert metrics.reciprocal_rank(table, 2).tolist() == [0, 1, 0]
    assert metrics.reciprocal_rank(table, 3).tolist() == pytest.approx([1 / 3, 1, 0])
    assert metrics.reciprocal_rank(table, 9).tolist() == pytest.approx([1 / 3, 1, 0])


def test_precision_divides_by_the_cutoff_also_where_fewer_were_retrieved() -> None:
    table = hits([1, 0, 1], [1, 1, 1])
    assert metrics.precision(table, 2).tolist() == [0.5, 1]
    assert metrics.precision(table, 6).tolist() == pytest.approx([2 / 6, 3 / 6])


def test_recall_is_the_share_of_pieces_found() -> None:
    assert metrics.recall(whole([2, 0, 1], [0, 0, 0]), np.array([4, 1]), 2).tolist() == [0.5, 0]
    assert metrics.recall(whole([2, 0, 1], [0, 0, 0]), np.array([4, 1]), 7).tolist() == [0.75, 0]


def test_ndcg_by_hand() -> None:
    # Found at ranks 2 and 3 of two: (1/log2 3 + 1/log2 4) / (1 + 1/log2 3).
    expected = (1 / math.log2(3) + 0.5) / (1 + 1 / math.log2(3))
    assert metrics.ndcg(whole([0, 1, 1]), np.array([2]), 3)[0] == pytest.approx(expected)
    assert metrics.ndcg(whole([0, 1, 1]), np.array([2]), 1)[0] == 0
    # The ideal of five pieces at cutoff 1 is one piece.
    assert metrics.ndcg(whole([1, 0, 0]), np.array([5]), 1)[0] == 1
    # The ideal knows the cutoff, not how deep the ranking happens to be.
    assert metrics.ndcg(whole([1]), np.array([2]), 3)[0] == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_two_pieces_in_the_first_chunk_are_no_better_than_ideal() -> None:
    assert metrics.ndcg(whole([2, 0]), np.array([2]), 2)[0] == 1
    assert metrics.average_precision(whole([2, 0]), np.array([2]), 2)[0] == 1


def test_average_precision_by_hand() -> None:
    # Pieces at ranks 1 and 4 of three: (1/1 + 2/4 + 0) / 3.
    assert metrics.average_precision(whole([1, 0, 0, 1]), np.array([3]), 4)[0] == pytest.approx(0.5)
    assert metrics.average_precision(whole([1, 0, 0, 1]), np.array([3]), 3)[0] == pytest.approx(1 / 3)


def test_character_metrics_by_hand() -> None:
    covered, evidence = np.array([30, 0]), np.array([40, 40])
    retrieved = whole([50, 10], [0, 0]).sum(axis=1)
    assert metrics.char_recall(covered, evidence).tolist() == [0.75, 0]
    assert metrics.char_precision(covered, retrieved).tolist() == [0.5, 0]
    assert metrics.char_iou(covered, retrieved, evidence).tolist() == pytest.approx([30 / 70, 0])


def matches_of(chunks: list[Place], questions: list[list[Piece]], rows: list[list[int]], cutoffs: set[int]) -> Matches:
    table = evidence_table(questions)
    return match(ranking(rows), chunk_table(chunks), table, overlap=0.5, cutoffs=tuple(sorted(cutoffs)))


def test_scores_are_named_by_label_and_undefined_without_evidence() -> None:
    found = matches_of([(0, 0, 10)], [[], [[(0, 0, 10)]]], [[0], [0]], {1, 7})
    scores = metrics.score_retrieval(found, {"1": 1, "top_k": 7})
    assert set(scores) == {f"{family}@{label}" for family in FAMILIES for label in ("1", "top_k")}
    for name, values in scores.items():
        assert np.isnan(values).tolist() == [True, False], name
    assert scores["precision@1"][1] == 1
    assert scores["precision@top_k"][1] == pytest.approx(1 / 7)


def test_nothing_retrieved_scores_zero_everywhere() -> None:
    found = matches_of([(0, 0, 10)], [[[(0, 0, 10)]]], [[-1, -1]], {1, 5})
    for name, values in metrics.score_retrieval(found, {"1": 1, "5": 5}).items():
        assert values.tolist() == [0.0], name


def test_evidence_inside_other_evidence_keeps_character_scores_within_one() -> None:
    found = matches_of([(0, 0, 10)], [[[(0, 0, 10)], [(0, 0, 8)]]], [[0]], {1})
    for name, values in metrics.score_retrieval(found, {"1": 1}).items():
        assert 0 <= values[0] <= 1, name


place = st.tuples(st.integers(0, 1), st.integers(0, 15), st.integers(1, 9)).map(lambda p: (p[0], p[1], p[1] + p[2]))
chunks = st.lists(place, min_size=1, max_size=7, unique=True)
pieces = st.lists(st.lists(place, min_size=1, max_size=2), max_size=4)


@examples(200)
@given(chunks, st.lists(pieces, min_size=1, max_size=3), st.integers(1, 9), st.data())
def test_scores_equal_naive_loops_and_lie_between_zero_and_one(
    table: list[Place], questions: list[list[Piece]], k: int, data: st.DataObject
) -> None:
    rows = [data.draw(st.permutations(range(len(table)))) for _ in questions]
    tails = [data.draw(st.integers(0, len(table))) for _ in questions]
    rows = [[*row[: len(row) - tail], *[-1] * tail] for row, tail in zip(rows, tails, strict=True)]
    found = matches_of(table, questions, rows, {k})
    scores = metrics.score_retrieval(found, {"k": k})
    for q, evidence in enumerate(questions):
        actual = {family: scores[f"{family}@k"][q] for family in FAMILIES}
        if not evidence:
            assert all(math.isnan(value) for value in actual.values())
            continue
        hit = found.hits[q].tolist()[:k]
        new = found.new_evidence[q].tolist()
        covered, retrieved = int(found.covered_chars[k][q]), sum(found.retrieved_chars[q].tolist()[:k])
        ranks = [rank for rank, relevant in enumerate(hit, start=1) if relevant]
        together = retrieved + int(found.evidence_chars[q]) - covered
        expected = {
            "hit_rate": float(bool(ranks)),
            "mrr": 1 / ranks[0] if ranks else 0.0,
            "precision": len(ranks) / k,
            "recall": sum(new[:k]) / len(evidence),
            "ndcg": oracles.ndcg(new, len(evidence), k),
            "map": oracles.average_precision(new, len(evidence), k),
            "char_recall": covered / int(found.evidence_chars[q]),
            "char_precision": min(1.0, covered / retrieved) if retrieved else 0.0,
            "char_iou": min(covered, retrieved) / together,
        }
        assert actual == pytest.approx(expected, abs=1e-12)
        assert all(0 <= value <= 1 for value in actual.values())


def trec(qrel: Mapping[str, int], run: Mapping[str, float], measure: str) -> float:
    if not run:
        return 0.0
    evaluator = pytrec_eval.RelevanceEvaluator({"q": dict(qrel)}, {measure})
    return float(next(iter(evaluator.evaluate({"q": dict(run)})["q"].values())))


@examples(150)
@given(st.lists(st.booleans(), max_size=12), st.integers(0, 5), st.sampled_from([1, 3, 5, 10, 20]))
def test_scores_equal_trec_eval_where_a_chunk_holds_one_piece(relevant: list[bool], missed: int, k: int) -> None:
    n_evidence = sum(relevant) + missed
    if n_evidence == 0:
        return
    qrel = {f"r{rank}": 1 for rank, yes in enumerate(relevant) if yes} | {f"m{n}": 1 for n in range(missed)}
    run = {f"r{rank}": float(len(relevant) - rank) for rank in range(len(relevant))}
    cut = dict(list(run.items())[:k])
    table = np.array([relevant], dtype=bool).reshape(1, -1)
    new, n = table.astype(np.int64), np.array([n_evidence])
    pairs: dict[str, tuple[Callable[[], np.ndarray], float]] = {
        "success": (lambda: metrics.hit_rate(table, k), trec(qrel, run, f"success.{k}")),
        "recip_rank": (lambda: metrics.reciprocal_rank(table, k), trec(qrel, cut, "recip_rank")),
        "P": (lambda: metrics.precision(table, k), trec(qrel, run, f"P.{k}")),
        "recall": (lambda: metrics.recall(new, n, k), trec(qrel, run, f"recall.{k}")),
        "ndcg_cut": (lambda: metrics.ndcg(new, n, k), trec(qrel, run, f"ndcg_cut.{k}")),
        "map_cut": (lambda: metrics.average_precision(new, n, k), trec(qrel, run, f"map_cut.{k}")),
    }
    for measure, (ours, theirs) in pairs.items():
        assert ours()[0] == pytest.approx(theirs, abs=1e-9), measure
