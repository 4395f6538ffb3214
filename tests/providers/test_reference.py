"""The judge without an LLM, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag_sweeps.providers.reference import JUDGE_VERSION, ReferenceJudge, token_f1
from rag_sweeps.records import Answer, Evidence, Question, Role, Span, Vectors


def vectors(texts: Sequence[str], role: Role) -> Vectors:
    """Texts that begin alike are alike: cosine 1 for one first letter, -1 for an x, else 0."""
    table = {"a": [1.0, 0.0], "x": [-1.0, 0.0]}
    return np.array([table.get(text[:1].lower(), [0.0, 1.0]) for text in texts], dtype=np.float32).reshape(-1, 2)


def question(answer: str | None, *, answerable: bool = True) -> Question:
    evidence = (Evidence("q", (Span(0, 0, 1),)),) if answerable else ()
    return Question("id", "text?", answer, evidence, (), "dev")


def judge(asked: Question, answer: Answer) -> object:
    (verdict,) = ReferenceJudge(unit_vectors=vectors).judge([asked], [answer], [[]])
    return verdict


def said(text: str) -> Answer:
    return Answer(text, abstained=not text)


@pytest.mark.parametrize(
    ("reference", "answer", "f1"),
    [
        ("a b c", "a b c", 1.0),
        ("a b", "a c", 0.5),
        ("a b c d", "a", 0.4),
        ("a a", "a", 2 / 3),
        ("Six Weeks!", "six, weeks", 1.0),
        ("a", "b", 0.0),
        ("", "", 1.0),
        ("...", "", 1.0),
        ("a", "", 0.0),
        ("Straße 7", "straße 7", 1.0),
    ],
)
def test_token_f1_by_hand(reference: str, answer: str, f1: float) -> None:
    assert token_f1(reference, answer) == pytest.approx(f1)
    assert token_f1(answer, reference) == pytest.approx(f1)


def test_a_score_is_the_mean_of_words_and_similarity() -> None:
    verdict = judge(question("a b"), said("a c"))
    assert verdict.score == pytest.approx((0.5 + 1.0) / 2)
    assert verdict.parts == {"answer_f1": pytest.approx(0.5), "answer_similarity": pytest.approx(1.0)}
    assert verdict.judge_version == JUDGE_VERSION


def test_a_negative_similarity_counts_as_none() -> None:
    assert judge(question("a b"), said("x b")).parts["answer_similarity"] == 0.0


@pytest.mark.parametrize(("answer", "score"), [("", 1.0), ("something", 0.0)])
def test_where_the_corpus_has_no_answer_silence_is_right(answer: str, score: float) -> None:
    verdict = judge(question(None, answerable=False), said(answer))
    assert verdict.score == score
    assert verdict.parts == {}


def test_silence_about_what_the_corpus_says_scores_nothing() -> None:
    verdict = judge(question("a b"), said(""))
    assert verdict.score == 0.0
    assert verdict.parts == {"answer_f1": 0.0, "answer_similarity": 0.0}


def test_without_a_reference_there_is_no_verdict() -> None:
    assert judge(question(None), said("a")) is None


def test_a_failed_answer_is_unscored_and_not_zero() -> None:
    verdict = judge(question("a"), Answer("", abstained=False, problem="refused"))
    assert (verdict.score, verdict.reason) == (None, "refused")


def test_every_question_has_its_verdict_in_order() -> None:
    asked = [question("a"), question(None), question(None, answerable=False), question("b")]
    answers = [said("a"), said("a"), said(""), said("")]
    verdicts = ReferenceJudge(unit_vectors=vectors).judge(asked, answers, [[], [], [], []])
    assert [None if verdict is None else verdict.score for verdict in verdicts] == [1.0, None, 1.0, 0.0]
