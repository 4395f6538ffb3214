"""One judging model: what it is asked about an answer, and what its replies mean. Nothing is called here.

Three verdicts on each answer, each from a rubric and in a call of its own.

What needs no model is decided without one. Abstaining is right (1) where the corpus has no answer and wrong (0) where
it has; answering a question that the corpus does not answer is wrong (0). Where there is no reference answer, only
groundedness is asked. The score is the mean of the grades; a grade that did not come leaves the whole score undefined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_sweeps.prompts.foreign_text import EXPLANATION, Block, passage_blocks, set_apart
from rag_sweeps.prompts.rubric import Criterion, Rubric
from rag_sweeps.providers.replies import grade_form, grade_schema, read_grade
from rag_sweeps.records import Answer, ChatRequest, Completion, NoReply, Passage, Question, Reply, Verdict


@dataclass(frozen=True, slots=True)
class Grade:
    """What came of one call; score is None where it gave no grade that was offered."""

    score: float | None
    reason: str
    reply: Reply | None


class ModelJudge:
    """One model with one rubric. verdicts: which ones are asked for; repeat: which draw, where a judge is measured."""

    def __init__(
        self,
        *,
        model: str,
        rubric: Rubric,
        version: str,
        structured: bool,
        max_output_tokens: int,
        settings: Mapping[str, str | int | float | bool | None],
        verdicts: Sequence[str],
        repeat: int = 0,
    ) -> None:
        self._model, self._version, self._structured, self._repeat = model, version, structured, repeat
        self._max_output_tokens, self._settings = max_output_tokens, dict(settings)
        self._criteria = {name: rubric.criteria[name] for name in verdicts}
        self._systems = {
            name: _system_text(rubric, criterion, structured) for name, criterion in self._criteria.items()
        }

    def asked_of(self, question: Question, answer: Answer) -> tuple[str, ...]:
        """The verdicts that need a call, in the rubric's order."""
        if answer.problem is not None or answer.abstained or not question.evidence:
            return ()
        return tuple(name for name in self._criteria if name == "groundedness" or question.answer is not None)

    def request(self, verdict: str, question: Question, answer: Answer, passages: Sequence[Passage]) -> ChatRequest:
        """One verdict's call. The rubric is in `system`, the same for all answers, where providers can cache it."""
        criterion = self._criteria[verdict]
        blocks = [Block("question", question.text)]
        if verdict == "groundedness":
            blocks += passage_blocks(passages[: len(passages) - answer.n_cut_passages])
        else:
            blocks.append(Block("reference", question.answer or ""))
        return ChatRequest(
            model=self._model,
            system=self._systems[verdict],
            user=set_apart([*blocks, Block("answer", answer.text)]),
            max_output_tokens=self._max_output_tokens,
            schema=grade_schema(criterion.grades) if self._structured else None,
            settings=self._settings,
            repeat=self._repeat,
        )

    def read(self, verdict: str, outcome: Completion | NoReply, key: str) -> Grade:
        """The grade of one call; key: of its request."""
        criterion = self._criteria[verdict]
        if isinstance(outcome, NoReply):
            return Grade(None, outcome.reason, None)
        if outcome.problem is not None:
            return Grade(None, outcome.problem, Reply(key, outcome.text, outcome.usage, outcome.problem))
        read = read_grade(outcome.text, criterion.grades, structured=self._structured)
        reply = Reply(key, outcome.text, outcome.usage, read.problem)
        if read.grade is None:
            return Grade(None, read.problem or "no grade", reply)
        return Grade(criterion.grades[read.grade], f"{read.grade}. {read.reason}", reply)

    def verdict(self, question: Question, answer: Answer, grades: Mapping[str, Grade]) -> Verdict | None:
        """The whole verdict from the grades of `asked_of`; None where there is nothing to judge."""
        if answer.problem is not None:
            return Verdict(None, answer.problem, self._version, {})
        if answer.abstained or not question.evidence:
            return self._decided(question, answer)
        if not grades:
            return None
        in_order = {name: grades[name] for name in self._criteria if name in grades}
        parts = {name: grade.score for name, grade in in_order.items() if grade.score is not None}
        return Verdict(
            score=sum(parts.values()) / len(parts) if len(parts) == len(in_order) else None,
            reason="\n".join(f"{name}: {grade.reason}" for name, grade in in_order.items()),
            judge_version=self._version,
            parts=parts,
            replies=tuple(grade.reply for grade in in_order.values() if grade.reply is not None),
        )

    def _decided(self, question: Question, answer: Answer) -> Verdict:
        right = float(answer.abstained and not question.evidence)
        what = "abstained" if answer.abstained else "answered"
        corpus = "has the answer" if question.evidence else "has no answer"
        parts = {"correctness": right} if "correctness" in self._criteria else {}
        return Verdict(right, f"{what}, and the corpus {corpus}", self._version, parts)


def _system_text(rubric: Rubric, criterion: Criterion, structured: bool) -> str:
    anchors = "\n".join(f"{grade}: {anchor}" for grade, anchor in criterion.anchors.items())
    form = grade_form(criterion.grades, structured=structured)
    return "\n\n".join(
        [rubric.introduction, criterion.task, f"Grades, from best to worst:\n{anchors}", EXPLANATION, form]
    )
