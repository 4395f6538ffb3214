"""Verdicts of models: three calls a time, what is decided without one, and what stays unscored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from conftest import make_params

from rag_sweeps.errors import InputError, ProviderFaultError
from rag_sweeps.judging import judge_version, open_judge
from rag_sweeps.protocols import no_progress
from rag_sweeps.providers.scripted import DirectCaller, ScriptedModel
from rag_sweeps.records import Answer, ChatRequest, Completion, Evidence, Passage, Question, Usage, Verdict

EVIDENCE = (Evidence("", ()),)
ASKED = Question("q", "How many days?", "26 days", EVIDENCE, (), "dev")
NO_REFERENCE = Question("r", "How many days?", None, EVIDENCE, (), "dev")
UNANSWERABLE = Question("u", "Which dog?", None, (), (), "dev")
GIVEN = Answer("26 days of leave", abstained=False)
ABSTAINED = Answer("", abstained=True)
PASSAGES = (Passage("leave.md", "There are 26 days of leave.", 1.0), Passage("cut.md", "Never shown.", 0.5))


def criterion_of(request: ChatRequest) -> str:
    found = re.search(r"Criterion: (\w+)", request.system)
    assert found is not None
    return found[1]


def grading(**grades: str) -> ScriptedModel:
    return ScriptedModel(lambda request: json.dumps({"reason": "so", "grade": grades[criterion_of(request)]}))


def verdict_of(
    model: ScriptedModel, question: Question = ASKED, answer: Answer = GIVEN, **values: object
) -> Verdict | None:
    params = make_params(**{"generator": "extractive", "judge": "openai:gpt-4.1", **values})
    judge = open_judge(params, caller=DirectCaller(model), trial_id="trial", progress=no_progress)
    assert judge is not None
    (verdict,) = judge.judge([question], [answer], [PASSAGES])
    return verdict


def test_the_score_is_the_mean_of_three_grades() -> None:
    model = grading(correctness="A", groundedness="B", completeness="D")
    verdict = verdict_of(model)
    assert verdict is not None
    assert verdict.score == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert dict(verdict.parts) == pytest.approx({"correctness": 1, "groundedness": 2 / 3, "completeness": 0})
    assert sorted(map(criterion_of, model.requests)) == ["completeness", "correctness", "groundedness"]
    assert len(verdict.replies) == 3


def test_each_verdict_sees_what_it_needs_and_no_more() -> None:
    model = grading(correctness="A", groundedness="A", completeness="A")
    verdict_of(model, answer=Answer(GIVEN.text, abstained=False, n_cut_passages=1))
    by_criterion = {criterion_of(request): request.user for request in model.requests}
    assert "<passage" in by_criterion["groundedness"]
    assert "<reference" not in by_criterion["groundedness"]
    assert "Never shown." not in by_criterion["groundedness"]
    for name in ("correctness", "completeness"):
        assert "<reference" in by_criterion[name]
        assert "<passage" not in by_criterion[name]
    assert all("26 days of leave" not in request.system for request in model.requests)


def test_without_a_reference_only_groundedness_is_asked() -> None:
    model = grading(groundedness="B")
    verdict = verdict_of(model, NO_REFERENCE)
    assert verdict is not None
    assert dict(verdict.parts) == pytest.approx({"groundedness": 2 / 3})
    assert verdict.score == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("question", "answer", "score"),
    [(ASKED, ABSTAINED, 0.0), (UNANSWERABLE, ABSTAINED, 1.0), (UNANSWERABLE, GIVEN, 0.0)],
)
def test_abstentions_and_unanswerable_questions_need_no_model(question: Question, answer: Answer, score: float) -> None:
    model = grading()
    verdict = verdict_of(model, question, answer)
    assert verdict is not None
    assert (verdict.score, dict(verdict.parts)) == (score, {"correctness": score})
    assert model.requests == []


def test_an_answer_with_a_problem_is_unscored_and_not_asked() -> None:
    model = grading()
    verdict = verdict_of(model, answer=Answer("", abstained=False, problem="refused"))
    assert verdict is not None
    assert (verdict.score, verdict.reason, dict(verdict.parts)) == (None, "refused", {})
    assert model.requests == []


def failing(request: ChatRequest) -> str:
    raise ProviderFaultError("500")


def refused(request: ChatRequest) -> Completion:
    return Completion("", Usage("openai", "gpt-4.1", "judge", 9), problem="refused")


@pytest.mark.parametrize("broken", [failing, refused, lambda _: "GRADE: A", lambda _: '{"reason": "", "grade": "E"}'])
def test_one_missing_grade_leaves_the_score_undefined_and_never_zero(
    broken: Callable[[ChatRequest], str | Completion],
) -> None:
    good = json.dumps({"reason": "so", "grade": "A"})
    model = ScriptedModel(lambda request: broken(request) if criterion_of(request) == "completeness" else good)
    verdict = verdict_of(model)
    assert verdict is not None
    assert verdict.score is None
    assert dict(verdict.parts) == {"correctness": 1.0, "groundedness": 1.0}


def test_plain_text_replies_where_nothing_enforces_a_schema() -> None:
    model = ScriptedModel(lambda _: "REASON: fine\nGRADE: A")
    verdict = verdict_of(model, structured_output=False)
    assert verdict is not None
    assert verdict.score == 1.0
    assert all(request.schema is None for request in model.requests)


def test_verdicts_belong_to_their_questions_whatever_the_order_of_the_replies() -> None:
    class Backwards(DirectCaller):
        def complete_all(self, calls, **told):  # type: ignore[no-untyped-def]
            return reversed(list(super().complete_all(calls, **told)))

    def reply(request: ChatRequest) -> str:
        return json.dumps({"reason": "so", "grade": "A" if "right" in request.user else "D"})

    params = make_params(generator="extractive", judge="openai:gpt-4.1")
    judge = open_judge(params, caller=Backwards(ScriptedModel(reply)), trial_id="t", progress=no_progress)
    assert judge is not None
    answers = [Answer(text, abstained=False) for text in ("right", "wrong", "right")]
    verdicts = judge.judge([ASKED, ABSTAIN_BETWEEN, ASKED], answers, [PASSAGES] * 3)
    assert [verdict.score if verdict else None for verdict in verdicts] == [1.0, 0.0, 1.0]


ABSTAIN_BETWEEN = Question("s", "How many weeks?", "5 weeks", EVIDENCE, (), "dev")


def test_a_panel_takes_the_mean_of_its_members() -> None:
    def reply(request: ChatRequest) -> str:
        return json.dumps({"reason": "so", "grade": "A" if request.model.startswith("openai") else "C"})

    verdict = verdict_of(ScriptedModel(reply), judge="openai:gpt-4.1, anthropic:claude-haiku-4-5")
    assert verdict is not None
    assert verdict.score == pytest.approx(2 / 3)
    assert verdict.parts["groundedness"] == pytest.approx(2 / 3)
    assert len(verdict.replies) == 6
    assert "[anthropic:claude-haiku-4-5] correctness: C" in verdict.reason


def test_a_panel_scores_only_where_all_members_did() -> None:
    def reply(request: ChatRequest) -> str:
        failed = request.model.startswith("openai") and criterion_of(request) == "correctness"
        return "no" if failed else json.dumps({"reason": "so", "grade": "A"})

    verdict = verdict_of(ScriptedModel(reply), judge="openai:gpt-4.1,anthropic:claude-haiku-4-5")
    assert verdict is not None
    assert verdict.score is None
    assert set(verdict.parts) == {"groundedness", "completeness"}


def test_the_version_names_what_changes_a_verdict() -> None:
    def version(**values: object) -> str | None:
        return judge_version(make_params(**{"generator": "extractive", "judge": "openai:gpt-4.1", **values}))

    first = version()
    assert first is not None
    assert "openai:gpt-4.1;judge/1@" in first
    changed = [
        version(judge="openai:gpt-4.1,openai:gpt-5-mini"),
        version(judge="anthropic:claude-haiku-4-5"),
        version(max_judge_tokens=64),
        version(judge_reasoning_effort="low"),
        version(structured_output=False),
        version(judge="reference"),
        version(judge="none"),
        version(generator="none"),
    ]
    assert len({first, *changed}) == len(changed)  # the last two are both None
    assert version(concurrency=2, temperature=0.5) == first


def test_what_is_no_model_cannot_sit_on_a_panel() -> None:
    params = make_params(generator="extractive", judge="reference,openai:gpt-4.1")
    with pytest.raises(InputError, match="'reference'"):
        judge_version(params)


def test_a_model_without_a_caller_is_refused() -> None:
    params = make_params(generator="extractive", judge="openai:gpt-4.1")
    with pytest.raises(InputError, match=r"openai:gpt-4\.1"):
        open_judge(params, caller=None, trial_id="t", progress=no_progress)
