"""Answers of a model: cited, abstained or with a problem, and the request they came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import make_params

from rag_sweeps.answering import open_generator
from rag_sweeps.errors import ProviderBusyError
from rag_sweeps.protocols import no_progress
from rag_sweeps.providers.scripted import DirectCaller, ScriptedModel
from rag_sweeps.records import Answer, ChatRequest, Completion, Passage, Question, Usage, request_key

QUESTIONS = [Question(f"q{n}", f"Question {n}?", None, (), (), "dev") for n in range(3)]
PASSAGES = [[Passage("a.md", f"Fact {n}.", 1.0), Passage("b.md", "Other.", 0.5)] for n in range(3)]
GOOD = json.dumps({"answer": "So it is.", "citations": [2]})


def answers_of(model: ScriptedModel, *, passages: list[list[Passage]] = PASSAGES, **values: object) -> list[Answer]:
    params = make_params(**{"generator": "openai:gpt-5-mini", "tokenizer": "chars", **values})
    generator = open_generator(params, caller=DirectCaller(model), trial_id="trial", progress=no_progress)
    assert generator is not None
    return generator.answer(QUESTIONS, passages)


def test_every_question_is_asked_once_and_answered_in_order() -> None:
    def reply(request: ChatRequest) -> str:
        number = request.user.split("Question ")[1][0]
        return json.dumps({"answer": f"Answer {number}", "citations": [1]})

    model = ScriptedModel(reply)
    answers = answers_of(model)
    assert [answer.text for answer in answers] == ["Answer 0", "Answer 1", "Answer 2"]
    assert [answer.replies[0].key for answer in answers] == [request_key(request) for request in model.requests]
    assert all(answer.citations == (1,) and answer.problem is None and not answer.abstained for answer in answers)


def test_a_citation_of_what_was_not_given_is_counted_and_dropped() -> None:
    answers = answers_of(ScriptedModel(lambda _: json.dumps({"answer": "x", "citations": [0, 2, 3, -1]})))
    assert (answers[0].citations, answers[0].n_wrong_citations) == ((2,), 3)


def test_a_passage_that_was_cut_cannot_be_cited() -> None:
    answers = answers_of(ScriptedModel(lambda _: GOOD), max_context_tokens=7)
    assert (answers[0].citations, answers[0].n_wrong_citations, answers[0].n_cut_passages) == ((), 1, 1)


def test_no_answer_in_the_documents_is_an_abstention() -> None:
    answer = answers_of(ScriptedModel(lambda _: '{"answer": null, "citations": []}'))[0]
    assert (answer.text, answer.abstained, answer.problem) == ("", True, None)


def test_without_passages_nothing_is_asked() -> None:
    model = ScriptedModel(lambda _: GOOD)
    answers = answers_of(model, passages=[PASSAGES[0], [], PASSAGES[2]])
    assert len(model.requests) == 2
    assert answers[1] == Answer("", abstained=True, context_tokens=0)


def test_a_malformed_reply_is_a_problem_and_is_kept() -> None:
    answer = answers_of(ScriptedModel(lambda _: "I think 26"))[0]
    assert (answer.text, answer.abstained) == ("", False)
    assert answer.problem
    assert answer.replies[0].text == "I think 26"


def test_a_refusal_is_a_problem_even_where_its_text_would_do() -> None:
    usage = Usage("openai", "gpt-5-mini", "generate", 10)
    answer = answers_of(ScriptedModel(lambda _: Completion(GOOD, usage, problem="refused")))[0]
    assert (answer.text, answer.abstained, answer.problem) == ("", False, "refused")
    assert answer.replies[0].usage == usage


def test_a_call_that_never_came_is_a_problem_of_its_question_alone() -> None:
    def reply(request: ChatRequest) -> str:
        if "Question 1" in request.user:
            raise ProviderBusyError("429 for too long")
        return GOOD

    answers = answers_of(ScriptedModel(reply))
    assert [answer.problem for answer in answers] == [None, "429 for too long", None]
    assert answers[1].replies == ()


def test_the_prompt_can_be_swapped_and_the_rest_stays(tmp_path: Path) -> None:
    own = tmp_path / "own.md"
    own.write_text("Answer like a pirate.", encoding="utf-8")
    shipped, swapped = ScriptedModel(lambda _: GOOD), ScriptedModel(lambda _: GOOD)
    answers_of(shipped)
    answers_of(swapped, answer_prompt=str(own))
    assert swapped.requests[0].system.startswith("Answer like a pirate.")
    assert swapped.requests[0].user == shipped.requests[0].user
    assert swapped.requests[0].system.split("Foreign text.")[1] == shipped.requests[0].system.split("Foreign text.")[1]


def test_what_is_the_same_for_all_questions_is_in_system() -> None:
    model = ScriptedModel(lambda _: GOOD)
    answers_of(model)
    assert len({request.system for request in model.requests}) == 1
    assert "Fact" not in model.requests[0].system


@pytest.mark.parametrize("structured", [True, False])
def test_a_schema_is_sent_only_where_replies_are_structured(structured: bool) -> None:
    model = ScriptedModel(lambda _: GOOD)
    answers_of(model, structured_output=structured)
    assert (model.requests[0].schema is not None) == structured


def test_settings_hold_what_is_set_and_the_address_of_a_compatible_server() -> None:
    model = ScriptedModel(lambda _: GOOD)
    answers_of(model, temperature=0.0, max_answer_tokens=64)
    assert model.requests[0].settings == {"temperature": 0.0}
    assert model.requests[0].max_output_tokens == 64
    answers_of(model, generator="compatible:llama", compatible_base_url="http://x/v1", reasoning_effort="low")
    assert model.requests[-1].settings == {"reasoning_effort": "low", "base_url": "http://x/v1"}
