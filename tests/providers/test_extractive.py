"""The generator without an LLM: which sentences it quotes, and when it keeps silent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag_sweeps.protocols import Generator
from rag_sweeps.providers.extractive import RANK_BONUS, ExtractiveGenerator, sentences
from rag_sweeps.records import Passage, Question, Role, Vectors


def on_an_arc(similarity: dict[str, float]) -> object:
    """Unit vectors whose cosine to any question is what the table says; 0 for what it does not name."""

    def vectors(texts: Sequence[str], role: Role) -> Vectors:
        cosines = [1.0 if role == "query" else similarity.get(text, 0.0) for text in texts]
        return np.array([[cosine, np.sqrt(1 - cosine**2)] for cosine in cosines], dtype=np.float32).reshape(-1, 2)

    return vectors


def generator(similarity: dict[str, float], *, n_sentences: int = 1, abstain_below: float = 0.3) -> Generator:
    return ExtractiveGenerator(
        n_sentences=n_sentences,
        abstain_below=abstain_below,
        unit_vectors=on_an_arc(similarity),  # type: ignore[arg-type]
    )


def passages(*texts: str) -> list[Passage]:
    return [Passage("d", text, 1.0) for text in texts]


def asked(*texts: str) -> list[Question]:
    return [Question(text, text, None, (), (), "dev") for text in texts]


def test_the_most_similar_sentence_is_the_answer() -> None:
    quotes = generator({"Cats sleep.": 0.4, "Dogs bark.": 0.9})
    (answer,) = quotes.answer(asked("?"), [passages("Cats sleep. Dogs bark.")])
    assert (answer.text, answer.abstained, answer.problem) == ("Dogs bark.", False, None)


def test_answers_come_in_the_order_of_the_questions() -> None:
    quotes = generator({"Cats sleep.": 0.9, "Dogs bark.": 0.9})
    answers = quotes.answer(asked("a", "b", "c"), [passages("Dogs bark."), [], passages("Cats sleep.")])
    assert [answer.text for answer in answers] == ["Dogs bark.", "", "Cats sleep."]
    assert [answer.abstained for answer in answers] == [False, True, False]


def test_nothing_similar_enough_is_an_abstention() -> None:
    (answer,) = generator({"Cats sleep.": 0.29}).answer(asked("?"), [passages("Cats sleep.")])
    assert (answer.text, answer.abstained) == ("", True)
    (answer,) = generator({"Cats sleep.": 0.31}).answer(asked("?"), [passages("Cats sleep.")])
    assert not answer.abstained


def test_the_bonus_of_the_first_passage_breaks_a_near_tie_and_no_more() -> None:
    first, second = "Cats sleep.", "Dogs bark."
    near = {first: 0.50, second: 0.50 + RANK_BONUS / 2 - 0.01}
    far = {first: 0.50, second: 0.50 + RANK_BONUS / 2 + 0.01}
    assert generator(near).answer(asked("?"), [passages(first, second)])[0].text == first
    assert generator(far).answer(asked("?"), [passages(first, second)])[0].text == second


def test_the_bonus_lifts_no_sentence_above_the_threshold() -> None:
    assert generator({"Cats sleep.": 0.25}).answer(asked("?"), [passages("Cats sleep.")])[0].abstained


def test_several_sentences_stand_in_the_order_of_the_passages() -> None:
    similarity = {"Cats sleep.": 0.5, "Dogs bark.": 0.1, "Birds sing.": 0.9}
    quotes = generator(similarity, n_sentences=3)
    (answer,) = quotes.answer(asked("?"), [passages("Cats sleep. Dogs bark.", "Birds sing.")])
    assert answer.text == "Cats sleep. Birds sing."


def test_a_sentence_of_two_passages_is_quoted_once() -> None:
    quotes = generator({"Cats sleep.": 0.9}, n_sentences=5)
    assert quotes.answer(asked("?"), [passages("Cats sleep.", "Cats sleep.")])[0].text == "Cats sleep."


def test_no_questions_have_no_answers() -> None:
    assert generator({}).answer([], []) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there.", ("One here.", "Two there.")),
        ("# Heading\n\nText.", ("Text.",)),
        ("---\n\n***", ()),
        ("- first item\n- second item", ("- first item", "- second item")),
        ("", ()),
        ("   \n", ()),
    ],
)
def test_what_can_be_quoted(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected
