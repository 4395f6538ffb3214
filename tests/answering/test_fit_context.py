"""A generator is given the longest head of the ranking that fits, and every answer says what was left out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conftest import make_params

from rag_sweeps.answering import FittedGenerator, fit_context, open_generator
from rag_sweeps.errors import InputError
from rag_sweeps.protocols import no_progress
from rag_sweeps.records import Answer, Passage, Question

PASSAGES = [Passage("d", text, 1.0) for text in ("aaaa", "bbb", "cc")]


@pytest.mark.parametrize(
    ("limit", "n_kept", "tokens"), [(None, 3, 9), (100, 3, 9), (9, 3, 9), (8, 2, 7), (7, 2, 7), (6, 1, 4), (3, 0, 0)]
)
def test_passages_are_cut_whole_and_last_first(limit: int | None, n_kept: int, tokens: int) -> None:
    context = fit_context(PASSAGES, limit, "chars")
    assert context.passages == tuple(PASSAGES[:n_kept])
    assert (context.n_cut_passages, context.tokens) == (3 - n_kept, tokens)


def test_a_shorter_passage_further_down_is_not_pulled_up() -> None:
    assert fit_context([PASSAGES[0], PASSAGES[1], PASSAGES[2]], 6, "chars").passages == (PASSAGES[0],)


class Counting:
    def answer(self, questions: Sequence[Question], passages: Sequence[Sequence[Passage]]) -> list[Answer]:
        return [Answer(str(len(given)), abstained=False) for given in passages]


def test_each_answer_says_what_was_cut() -> None:
    asked = [Question(str(n), "?", None, (), (), "dev") for n in range(2)]
    answers = FittedGenerator(Counting(), limit=5, tokenizer="chars").answer(asked, [PASSAGES, PASSAGES[2:]])
    assert [(answer.text, answer.n_cut_passages, answer.context_tokens) for answer in answers] == [
        ("1", 2, 4),
        ("1", 0, 2),
    ]


def test_the_extractive_generator_keeps_to_the_limit_too() -> None:
    params = make_params(generator="extractive", max_context_tokens=50)
    assert isinstance(open_generator(params, caller=None, trial_id="t", progress=no_progress), FittedGenerator)


def test_a_model_without_a_caller_is_refused() -> None:
    params = make_params(generator="openai:gpt-5-mini", judge="reference")
    with pytest.raises(InputError, match="openai:gpt-5-mini"):
        open_generator(params, caller=None, trial_id="t", progress=no_progress)
