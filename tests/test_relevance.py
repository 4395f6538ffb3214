from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import Piece, Place, chunk_table, covered_chars, evidence_table, examples, finds, ranking

from rag_sweeps.records import Matches
from rag_sweeps.relevance import context_tokens, match


def one(
    chunks: list[Place], pieces: list[Piece], *, overlap: float = 0.5, cutoffs: tuple[int, ...] = (1, 10)
) -> Matches:
    """One question for which all the chunks are retrieved, in order."""
    rows = ranking([list(range(len(chunks)))])
    return match(rows, chunk_table(chunks), evidence_table([pieces]), overlap=overlap, cutoffs=cutoffs)


def hits(chunk: Place, span: Place, overlap: float = 0.5) -> bool:
    return bool(one([chunk], [[span]], overlap=overlap).hits[0, 0])


def test_exactly_half_of_the_shorter_hits() -> None:
    assert hits((0, 0, 100), (0, 95, 105))
    assert hits((0, 100, 110), (0, 50, 105))


def test_just_under_half_of_the_shorter_does_not_hit() -> None:
    assert not hits((0, 0, 100), (0, 96, 106))
    assert not hits((0, 0, 11), (0, 6, 100))


def test_touching_spans_do_not_hit() -> None:
    assert not hits((0, 0, 10), (0, 10, 20), overlap=0.01)
    assert not hits((0, 10, 20), (0, 0, 10), overlap=0.01)


def test_nested_spans_hit_whichever_is_longer() -> None:
    assert hits((0, 0, 1000), (0, 10, 11), overlap=1.0)
    assert hits((0, 10, 11), (0, 0, 1000), overlap=1.0)


def test_the_same_offsets_in_another_document_do_not_hit() -> None:
    assert not hits((1, 0, 10), (0, 0, 10))


@pytest.mark.parametrize("percent", range(1, 101))
def test_the_share_is_exact_as_written_in_the_config(percent: int) -> None:
    share = percent / 100
    assert hits((0, 0, 100), (0, 100 - percent, 200 - percent), overlap=share)
    assert not hits((0, 0, 100), (0, 101 - percent, 201 - percent), overlap=share)


def test_two_places_of_evidence_are_found_at_their_own_ranks() -> None:
    found = one([(0, 50, 60), (0, 0, 10), (1, 0, 10)], [[(0, 0, 10)], [(1, 0, 10)]])
    assert found.hits.tolist() == [[False, True, True]]
    assert found.new_evidence.tolist() == [[0, 1, 1]]
    assert found.n_evidence.tolist() == [2]
    assert found.evidence_chars.tolist() == [20]


def test_evidence_found_again_is_relevant_but_not_new() -> None:
    found = one([(0, 0, 20), (0, 5, 25)], [[(0, 5, 15)]])
    assert found.hits.tolist() == [[True, True]]
    assert found.new_evidence.tolist() == [[1, 0]]


def test_one_chunk_can_show_two_pieces_at_once() -> None:
    assert one([(0, 0, 100)], [[(0, 0, 10)], [(0, 50, 60)]]).new_evidence.tolist() == [[2]]


def test_an_alternative_in_another_document_finds_the_same_piece() -> None:
    found = one([(1, 100, 120), (0, 0, 10)], [[(0, 0, 10), (1, 105, 115)]])
    assert found.hits.tolist() == [[True, True]]
    assert found.new_evidence.tolist() == [[1, 0]]
    assert found.evidence_chars.tolist() == [10]
    assert found.covered_chars[1].tolist() == [10]
    assert found.covered_chars[10].tolist() == [10]


def test_half_of_each_of_two_alternatives_covers_half() -> None:
    assert one([(0, 0, 5), (1, 5, 10)], [[(0, 0, 10), (1, 0, 10)]]).covered_chars[10].tolist() == [5]


def test_characters_covered_twice_count_once_and_a_chunk_that_misses_still_covers() -> None:
    found = one([(0, 0, 6), (0, 4, 8), (0, 9, 40)], [[(0, 0, 10)]])
    assert found.hits.tolist() == [[True, True, False]]
    assert found.covered_chars[1].tolist() == [6]
    assert found.covered_chars[10].tolist() == [9]


def test_a_longer_alternative_covers_no_more_than_the_piece_itself() -> None:
    found = one([(1, 0, 14)], [[(0, 0, 10), (1, 0, 14)]])
    assert found.covered_chars[10].tolist() == [10]
    assert found.evidence_chars.tolist() == [10]


def test_nothing_to_retrieve_matches_nothing() -> None:
    empty = match(ranking([[-1, -1]]), chunk_table([]), evidence_table([[[(0, 0, 5)]]]), overlap=0.5, cutoffs=(1,))
    assert empty.hits.tolist() == [[False, False]]
    assert empty.retrieved_chars.tolist() == [[0, 0]]
    assert empty.covered_chars[1].tolist() == [0]


def test_context_is_the_tokens_of_the_top_k_with_overlaps_each_time() -> None:
    chunks = chunk_table([(0, 0, 9), (0, 5, 14), (1, 0, 3)], [7, 11, 2])
    rows = ranking([[1, 0, 2], [2, -1, -1], [-1, -1, -1]])
    assert context_tokens(rows, chunks, 2).tolist() == [18, 2, 0]
    assert context_tokens(rows, chunks, 9).tolist() == [20, 2, 0]


def test_context_without_any_chunk_is_zero() -> None:
    assert context_tokens(ranking([[-1, -1]]), chunk_table([]), 2).tolist() == [0]


place = st.tuples(st.integers(0, 1), st.integers(0, 20), st.integers(1, 12)).map(lambda p: (p[0], p[1], p[1] + p[2]))
piece = st.lists(place, min_size=1, max_size=3)
case = st.tuples(
    st.lists(place, max_size=6),
    st.lists(st.lists(piece, max_size=3), min_size=1, max_size=3),
    st.integers(1, 8),
)


@examples(300)
@given(case, st.data(), st.sampled_from([0.01, 0.1, 0.3, 0.5, 0.55, 0.7, 1.0]))
def test_random_matches_equal_sets_of_characters(
    drawn: tuple[list[Place], list[list[Piece]], int], data: st.DataObject, overlap: float
) -> None:
    chunks, questions, depth = drawn
    cutoffs = (1, 3, 5)
    rows = []
    for _ in questions:
        found = data.draw(st.permutations(range(len(chunks))))[: data.draw(st.integers(0, depth))]
        rows.append([*found, *[-1] * (depth - len(found))])
    actual = match(ranking(rows), chunk_table(chunks), evidence_table(questions), overlap=overlap, cutoffs=cutoffs)

    assert set(actual.covered_chars) == set(cutoffs)
    for q, pieces in enumerate(questions):
        retrieved = [chunks[row] for row in rows[q] if row >= 0]
        first: dict[int, int] = {}
        for rank, chunk in enumerate(retrieved):
            for number, alternatives in enumerate(pieces):
                if finds(chunk, alternatives, overlap):
                    first.setdefault(number, rank)
            assert actual.hits[q, rank] == any(finds(chunk, alternatives, overlap) for alternatives in pieces)
            assert actual.retrieved_chars[q, rank] == chunk[2] - chunk[1]
        assert not actual.hits[q, len(retrieved) :].any()
        assert not actual.retrieved_chars[q, len(retrieved) :].any()
        assert actual.new_evidence[q].tolist() == [list(first.values()).count(rank) for rank in range(depth)]
        assert actual.n_evidence[q] == len(pieces)
        assert actual.evidence_chars[q] == sum(end - start for (_, start, end), *_ in pieces)
        for k in cutoffs:
            assert actual.covered_chars[k][q] == covered_chars(retrieved[:k], pieces)
    assert actual.hits.dtype == np.bool_
    assert actual.hits.shape == actual.new_evidence.shape == (len(questions), depth)
