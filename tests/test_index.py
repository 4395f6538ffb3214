from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples, order

from rag_sweeps.errors import TrialError
from rag_sweeps.index import Searched, overlap_share, rank, search_index
from rag_sweeps.records import Vectors


def search(chunks: object, queries: object, *, factory: str = "Flat", settings: str = "", depth: int = 5) -> Searched:
    return search_index(
        np.array(chunks, dtype=np.float32),
        np.array(queries, dtype=np.float32),
        factory=factory,
        search=settings,
        depth=depth,
    )


def unit(n: int, width: int = 16, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, width))
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return scaled


small = st.lists(st.integers(-2, 2), min_size=3, max_size=3)


@examples(200)
@given(st.lists(small, max_size=30), st.lists(small, min_size=1, max_size=4), st.integers(1, 40))
def test_a_flat_search_equals_naive_products_with_ties_by_row(
    chunks: list[list[int]], queries: list[list[int]], depth: int
) -> None:
    table = np.array(chunks, dtype=np.float32).reshape(-1, 3)
    found = search(table, queries, depth=depth)
    assert found.ranking.rows.shape == found.ranking.scores.shape == (len(queries), depth)
    assert found.recall is None
    for q, query in enumerate(queries):
        products = {r: float(sum(a * b for a, b in zip(query, c, strict=True))) for r, c in enumerate(chunks)}
        expected = order(products, depth) if any(query) else [-1] * depth
        assert found.ranking.rows[q].tolist() == expected
        assert found.ranking.scores[q].tolist() == [products[row] if row >= 0 else 0.0 for row in expected]


def test_more_ties_than_the_depth_keep_the_lowest_rows() -> None:
    for n in (6, 15, 200, 3000):
        found = search(np.ones((n, 4)), np.ones((2, 4)), depth=5)
        assert found.ranking.rows.tolist() == [[0, 1, 2, 3, 4]] * 2


def test_ties_that_straddle_the_depth_keep_the_lowest_rows() -> None:
    chunks = np.ones((500, 4))
    chunks[499] = 2
    assert search(chunks, np.ones((1, 4)), depth=4).ranking.rows.tolist() == [[499, 0, 1, 2]]


def test_a_depth_beyond_the_chunks_pads_with_minus_one() -> None:
    found = search([[1, 0], [0, 1]], [[1, 0]], depth=4)
    assert found.ranking.rows.tolist() == [[0, 1, -1, -1]]
    assert found.ranking.scores.tolist() == [[1, 0, 0, 0]]


def test_a_zero_or_undefined_query_finds_nothing_and_leaves_the_others_alone() -> None:
    queries = [[0, 0], [np.nan, 1], [1, 0], [np.inf, 0]]
    found = search([[1, 0], [0, 1]], queries, depth=2)
    assert found.ranking.rows.tolist() == [[-1, -1], [-1, -1], [0, 1], [-1, -1]]
    assert not found.ranking.scores[[0, 1, 3]].any()


@pytest.mark.parametrize("factory", ["Flat", "HNSW32"])
def test_only_unusable_queries_find_nothing(factory: str) -> None:
    assert search(unit(40), np.zeros((2, 16)), factory=factory, depth=3).ranking.rows.tolist() == [[-1] * 3] * 2


def test_no_queries_are_searched_without_complaint() -> None:
    assert search(unit(40), np.zeros((0, 16)), depth=3).ranking.rows.shape == (0, 3)


def test_no_chunks_find_nothing() -> None:
    assert search(np.zeros((0, 2)), [[1, 0]], depth=2).ranking.rows.tolist() == [[-1, -1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_undefined_chunk_fails_the_trial_and_is_counted(bad: float) -> None:
    with pytest.raises(TrialError, match=r"1 of 2 chunk vectors"):
        search([[1, 0], [bad, 0]], [[1, 0]])


@pytest.mark.parametrize("factory", ["HNSW32", "IVF8,Flat", "PQ4x4", "IVF8,PQ4x4"])
def test_an_approximate_index_is_the_same_twice(factory: str) -> None:
    chunks, queries = unit(3000 if factory == "HNSW32" else 700), unit(20, seed=1)
    first, second = (search(chunks, queries, factory=factory, depth=20) for _ in range(2))
    assert first.ranking.rows.tolist() == second.ranking.rows.tolist()
    assert first.ranking.scores.tolist() == second.ranking.scores.tolist()


def test_recall_is_the_share_of_the_exact_first_twenty() -> None:
    chunks, queries = unit(700), unit(60, seed=1)
    exact = search(chunks, queries, depth=20).ranking.rows
    found = search(chunks, queries, factory="IVF8,Flat", depth=50)
    expected = [
        len(set(e) & set(f[:20])) / 20 for e, f in zip(exact.tolist(), found.ranking.rows.tolist(), strict=True)
    ]
    assert found.recall == pytest.approx(sum(expected) / len(expected))
    assert found.recall is not None
    assert 0 < found.recall < 0.95


def test_search_settings_reach_the_index() -> None:
    chunks, queries = unit(700), unit(10, seed=1)
    found = search(chunks, queries, factory="IVF8,Flat", settings="nprobe=8", depth=20)
    assert found.recall == 1
    assert found.ranking.rows.tolist() == search(chunks, queries, depth=20).ranking.rows.tolist()


def test_the_price_is_measured() -> None:
    found = search(unit(700), unit(60, seed=1))
    assert found.search_ms.shape == (50,)
    assert (found.search_ms > 0).all()
    assert found.build_seconds > 0
    assert found.index_bytes >= 700 * 16 * 4


@pytest.mark.parametrize("factory", ["PQ4x8", "IVF64,Flat", "IVF64,PQ4x4"])
def test_too_few_vectors_to_train_fail_the_trial_in_words(factory: str) -> None:
    with pytest.raises(TrialError, match=rf"{factory}.*20 vectors.*width 16") as caught:
        search(unit(20), unit(1), factory=factory)
    assert ".cpp" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("factory", "settings"), [("Nonsense7", ""), ("PQ5", ""), ("HNSW8", "nprobe=x"), ("IVF4,Flat", "wrong=1")]
)
def test_what_faiss_refuses_fails_the_trial_and_names_it(factory: str, settings: str) -> None:
    with pytest.raises(TrialError, match=factory) as caught:
        search(unit(300), unit(1), factory=factory, settings=settings)
    assert settings in str(caught.value)


candidates = st.lists(st.tuples(st.integers(-1, 9), st.integers(-3, 3)), min_size=1, max_size=8)


@examples(200)
@given(candidates, st.integers(1, 12))
def test_rank_equals_a_naive_sort(row: list[tuple[int, int]], depth: int) -> None:
    unique = {number: score for number, score in row if number >= 0}
    table = [*unique.items(), *[(-1, score) for number, score in row if number < 0]]
    if not table:
        return
    ranked = rank(np.array([[n for n, _ in table]]), np.array([[float(s) for _, s in table]]), depth)
    expected = order({n: float(s) for n, s in unique.items()}, depth)
    assert ranked.rows.tolist() == [expected]
    assert ranked.scores.tolist() == [[float(unique[n]) if n >= 0 else 0.0 for n in expected]]
    assert (str(ranked.rows.dtype), str(ranked.scores.dtype)) == ("int64", "float32")


@examples(100)
@given(
    st.lists(st.tuples(st.permutations(range(6)), st.permutations(range(6))), min_size=1, max_size=4),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 5),
)
def test_overlap_share_equals_sets(pairs: list[tuple[list[int], list[int]]], depth: int, k: int, missing: int) -> None:
    found = [f[:depth] for f, _ in pairs]
    exact = [[row if at < 6 - missing else -1 for at, row in enumerate(e)][:k] for _, e in pairs]
    shares = [
        len({row for row in e if row >= 0} & set(f[:k])) / max(1, sum(row >= 0 for row in e))
        for f, e in zip(found, exact, strict=True)
    ]
    assert overlap_share(np.array(found), np.array(exact)) == pytest.approx(sum(shares) / len(shares))
