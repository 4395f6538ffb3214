from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import bm25_lucene, examples

from rag_sweeps.errors import TrialError
from rag_sweeps.lexical import search_bm25, words_of
from rag_sweeps.parameters import TrialParams, parse_params

PLAIN = {"bm25_stemmer": "none", "bm25_stopwords": "none"}
METHODS = ("lucene", "robertson", "atire", "bm25l", "bm25+")


def settings(**values: object) -> TrialParams:
    return parse_params({"golden_set": "-", "retrieval_depth": 20, **values})


def found(params: TrialParams, chunks: list[str], questions: list[str]) -> list[list[int]]:
    return [[row for row in rows if row >= 0] for rows in search_bm25(params, chunks, questions).ranking.rows.tolist()]


words = st.sampled_from(["fee", "Fee", "refund", "late", "day", "the", "a", "42", "é"])
texts = st.lists(words, max_size=7).map(" ".join)


@examples(150)
@given(
    st.lists(texts, min_size=1, max_size=12),
    st.lists(st.lists(words | st.just("unknown"), max_size=5).map(" ".join), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.6, 1.5, 4.0]),
    st.sampled_from([0.0, 0.4, 0.75, 1.0]),
)
def test_scores_equal_the_lucene_formula(chunks: list[str], questions: list[str], k1: float, b: float) -> None:
    ranking = search_bm25(settings(**PLAIN, bm25_k1=k1, bm25_b=b), chunks, questions).ranking
    assert ranking.rows.shape == (len(questions), 20)
    split = [chunk.lower().split() for chunk in chunks]
    for q, question in enumerate(questions):
        expected = bm25_lucene(split, question.lower().split(), k1=k1, b=b) if any(split) else {}
        rows = [row for row in ranking.rows[q].tolist() if row >= 0]
        assert sorted(rows) == sorted(expected)
        scores = ranking.scores[q, : len(rows)].tolist()
        assert scores == pytest.approx([expected[row] for row in rows], rel=1e-4)
        assert [(-s, r) for s, r in zip(scores, rows, strict=True)] == sorted(
            (-s, r) for s, r in zip(scores, rows, strict=True)
        )
        assert ranking.rows[q, len(rows) :].tolist() == [-1] * (20 - len(rows))
        assert not ranking.scores[q, len(rows) :].any()


@pytest.mark.parametrize("method", METHODS)
def test_chunks_that_share_no_term_are_not_retrieved(method: str) -> None:
    chunks = ["late fee", "refund", "opening hours", "parking garage", "night shift"]
    assert found(settings(**PLAIN, bm25_method=method), chunks, ["fee policy"]) == [[0]]


@pytest.mark.parametrize("method", METHODS)
def test_a_question_without_a_known_term_finds_nothing(method: str) -> None:
    params = settings(**PLAIN, bm25_method=method)
    ranking = search_bm25(params, ["late fee", "refund"], ["zebra", "", "?!"]).ranking
    assert (ranking.rows == -1).all()
    assert not ranking.scores.any()


def test_no_chunks_find_nothing() -> None:
    searched = search_bm25(settings(), [], ["fee"])
    assert searched.ranking.rows.tolist() == [[-1] * 20]
    assert searched.recall is None


@pytest.mark.parametrize("chunks", [[""], ["", "..."], ["the of and"]])
def test_chunks_without_any_word_find_nothing(chunks: list[str]) -> None:
    assert found(settings(), chunks, ["the fee"]) == [[]]


def test_no_questions_have_an_empty_ranking() -> None:
    assert search_bm25(settings(), ["fee"], []).ranking.rows.shape[0] == 0


def test_equal_chunks_are_ordered_by_row_also_beyond_the_depth() -> None:
    assert found(settings(**PLAIN), ["fee"] * 30 + ["other"] * 90, ["fee"]) == [list(range(20))]


def test_a_term_asked_twice_counts_twice() -> None:
    chunks = ["fee", "refund", "other"]
    once, twice = (search_bm25(settings(**PLAIN), chunks, [q]).ranking.scores[0, 0] for q in ("fee", "fee fee"))
    assert twice == pytest.approx(2 * once)


def test_the_method_changes_the_scores() -> None:
    chunks = ["late fee fee", "refund of the day", "other", "hours"]
    scores = {m: float(search_bm25(settings(bm25_method=m), chunks, ["fee"]).ranking.scores[0, 0]) for m in METHODS}
    assert len({round(score, 5) for score in scores.values()}) >= 4


def test_words_are_lower_case_runs_of_word_characters() -> None:
    assert words_of(settings(**PLAIN), ["Fee: 12.50 EUR, a late-fee!", ""]) == [
        ["fee", "12", "50", "eur", "a", "late", "fee"],
        [],
    ]


def test_stop_words_are_left_out_only_when_asked() -> None:
    with_them = words_of(settings(**PLAIN), ["The fee is not for you"])[0]
    without = words_of(settings(bm25_stemmer="none", bm25_stopwords="english"), ["The fee is not for you"])[0]
    assert "the" in with_them
    assert "is" in with_them
    assert "the" not in without
    assert "is" not in without
    assert "fee" in without


def test_the_stemmer_folds_forms_of_a_word_in_its_language() -> None:
    english = words_of(settings(bm25_stopwords="none"), ["refunds refunded refunding"])[0]
    assert english == ["refund"] * 3
    assert words_of(settings(**PLAIN), ["refunds"])[0] == ["refunds"]
    german = words_of(settings(bm25_stemmer="german", bm25_stopwords="none"), ["Gebühren Gebühr"])[0]
    assert german[0] == german[1]
    assert found(settings(), ["we refunded it", "other"], ["refunds"]) == [[0]]


def test_word_pieces_are_those_of_the_chunk_tokenizer() -> None:
    params = settings(**PLAIN, bm25_tokenizer="wordpieces")
    pieces = words_of(params, ["Unbelievableness of fees"])[0]
    assert any(re.match("##", piece) for piece in pieces)
    assert pieces[-2:] == ["of", "fees"]
    assert words_of(settings(**PLAIN, bm25_tokenizer="wordpieces", tokenizer="chars"), ["ab"]) == [["a", "b"]]
    assert found(params, ["Unbelievableness", "refund"], ["refund"]) == [[1]]


def test_an_unknown_stemmer_fails_the_trial_and_is_named() -> None:
    with pytest.raises(TrialError, match=r"klingon.*english"):
        words_of(settings(bm25_stemmer="klingon"), ["fee"])


def test_every_question_up_to_fifty_is_timed() -> None:
    searched = search_bm25(settings(), ["fee", "refund"], ["fee"] * 60)
    assert searched.search_ms.shape == (50,)
    assert np.isfinite(searched.search_ms).all()
    assert searched.index_bytes > 0
