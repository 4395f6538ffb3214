from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples, fused, order, ranking

from rag_sweeps.retrieval import reciprocal_rank_fusion


def fuse(
    first: list[int], second: list[int], *, k: int = 60, weights: tuple[float, float] = (0.5, 0.5), depth: int = 6
) -> list[int]:
    rows = reciprocal_rank_fusion(ranking([first]), ranking([second]), k=k, weights=weights, depth=depth).rows
    assert rows.shape == (1, depth)
    return [int(row) for row in rows[0]]


def test_a_row_found_by_both_gets_both_shares() -> None:
    found = reciprocal_rank_fusion(ranking([[4, 2]]), ranking([[2, 7]]), k=60, weights=(0.5, 0.5), depth=3)
    assert found.rows.tolist() == [[2, 4, 7]]
    assert found.scores[0].tolist() == pytest.approx([0.5 / 62 + 0.5 / 61, 0.5 / 61, 0.5 / 62])


def test_equal_scores_are_ordered_by_row() -> None:
    assert fuse([9, 1], [3, 5], depth=4) == [3, 9, 1, 5]


def test_crossed_ranks_tie_and_are_ordered_by_row() -> None:
    assert fuse([8, 2], [2, 8], depth=2) == [2, 8]


def test_the_same_ranking_twice_keeps_its_order() -> None:
    assert fuse([5, 3, 8], [5, 3, 8], depth=5) == [5, 3, 8, -1, -1]


def test_a_weight_of_one_is_that_ranking_alone() -> None:
    assert fuse([5, 3, -1], [7, 9, 3], weights=(0.0, 1.0), depth=5) == [7, 9, 3, -1, -1]
    assert fuse([5, 3, -1], [7, 9, 3], weights=(1.0, 0.0), depth=5) == [5, 3, -1, -1, -1]


def test_nothing_found_by_either_is_nothing_found() -> None:
    found = reciprocal_rank_fusion(ranking([[-1, -1]]), ranking([[-1, -1]]), k=60, weights=(0.5, 0.5), depth=3)
    assert found.rows.tolist() == [[-1, -1, -1]]
    assert found.scores.tolist() == [[0, 0, 0]]


def test_one_side_that_found_nothing_leaves_the_other() -> None:
    assert fuse([-1, -1], [7, -1], depth=2) == [7, -1]


def test_a_depth_below_what_was_found_keeps_the_best() -> None:
    assert fuse([1, 2, 3], [3, 2, 1], k=0, depth=1) == [1]


sides = st.permutations(range(8)).flatmap(
    lambda rows: st.integers(0, 6).map(lambda kept: [*rows[:kept], *[-1] * (6 - kept)])
)


@examples(250)
@given(
    st.lists(st.tuples(sides, sides), min_size=1, max_size=3),
    st.sampled_from([0, 1, 60]),
    st.sampled_from([0.0, 0.25, 0.5, 0.7, 1.0]),
    st.integers(1, 14),
)
def test_fusion_equals_a_dict_of_sums(
    pairs: list[tuple[list[int], list[int]]], k: int, dense: float, depth: int
) -> None:
    weights = (1.0 - dense, dense)
    found = reciprocal_rank_fusion(
        ranking([first for first, _ in pairs]),
        ranking([second for _, second in pairs]),
        k=k,
        weights=weights,
        depth=depth,
    )
    assert found.rows.shape == found.scores.shape == (len(pairs), depth)
    assert (str(found.rows.dtype), str(found.scores.dtype)) == ("int64", "float32")
    for q, (first, second) in enumerate(pairs):
        scores = {row: score for row, score in fused(first, second, k=k, weights=weights).items() if score > 0}
        expected = order(scores, depth)
        assert found.rows[q].tolist() == expected
        assert found.scores[q].tolist() == pytest.approx([scores.get(row, 0.0) for row in expected], rel=1e-6)
