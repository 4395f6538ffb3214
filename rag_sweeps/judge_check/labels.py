"""A file of answers that people graded -> LabelledAnswer: the shipped one, or a user's own.

One JSON object a line: `id`, `question`, `passages` (list of `document`, `text`), `reference` (null where there is
none), `answer`, and `grades`: verdict -> a grade of the rubric in use, which for `judge/1` is A, B, C or D. Without a
reference only groundedness can be graded. A verdict may be left out; an answer without any grade is judged and not
compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag_sweeps.errors import InputError
from rag_sweeps.golden.lines import JsonLine, describe_errors, parse_lines
from rag_sweeps.golden.problems import GoldenError, Problem, suggest_name
from rag_sweeps.prompts.rubric import Rubric
from rag_sweeps.records import Answer, Evidence, Passage, Question

SHIPPED_LABELS = "labels.jsonl"
_Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Item:
    """An answer as a judge sees it. The evidence of the question only says that the corpus has an answer."""

    question: Question
    answer: Answer
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """human: verdict -> score of the grade that a person gave."""

    item: Item
    human: Mapping[str, float]


class PassageLine(BaseModel):
    model_config = ConfigDict(extra="forbid")
    document: str
    text: _Text


class LabelLine(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: _Text
    question: _Text
    passages: list[PassageLine]
    reference: _Text | None
    answer: _Text
    grades: dict[str, str]


def read_labels(path: Path | None, rubric: Rubric) -> list[LabelledAnswer]:
    """The file's answers in order; None: the shipped ones. Raises InputError with every line that has to change."""
    name = SHIPPED_LABELS if path is None else str(path)
    problems: list[Problem] = []
    found: dict[str, LabelledAnswer] = {}
    for line in parse_lines(name, read_text(path, SHIPPED_LABELS), problems):
        read, faults = _read_line(line, rubric)
        problems += [Problem(name, line.number, fault) for fault in faults]
        if read is None or faults:
            continue
        if read.item.question.id in found:
            problems.append(Problem(name, line.number, f"id {read.item.question.id!r} occurs twice; write another"))
        found[read.item.question.id] = read
    if not problems and not any(answer.human for answer in found.values()):
        problems.append(Problem(name, None, "holds no graded answer; write grades: {verdict: grade} into its lines"))
    if problems:
        raise GoldenError(problems)
    return list(found.values())


def read_text(path: Path | None, shipped: str) -> str:
    """The text of a user's file, or of one of ours."""
    if path is None:
        return files(__package__).joinpath("data", shipped).read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text; mend the path of --labels") from error


def make_item(*, item_id: str, question: str, reference: str | None, answer: str, passages: list[PassageLine]) -> Item:
    asked = Question(item_id, question, reference, (Evidence("", ()),), (), "dev")
    given = tuple(Passage(passage.document, passage.text, 1.0 / rank) for rank, passage in enumerate(passages, 1))
    return Item(asked, Answer(answer, abstained=False), given)


def _read_line(line: JsonLine, rubric: Rubric) -> tuple[LabelledAnswer | None, list[str]]:
    try:
        read = LabelLine.model_validate(line.value)
    except ValidationError as error:
        return None, describe_errors(error, LabelLine, PassageLine)
    faults = list(_grade_faults(read, rubric))
    human = {
        verdict: rubric.criteria[verdict].grades[grade]
        for verdict, grade in read.grades.items()
        if verdict in rubric.criteria and grade in rubric.criteria[verdict].grades
    }
    item = make_item(
        item_id=read.id,
        question=read.question,
        reference=read.reference,
        answer=read.answer,
        passages=read.passages,
    )
    return LabelledAnswer(item, human), faults


def _grade_faults(read: LabelLine, rubric: Rubric) -> Iterator[str]:
    for verdict, grade in read.grades.items():
        if verdict not in rubric.criteria:
            hint = suggest_name(verdict, rubric.criteria) or f"; the verdicts are {', '.join(rubric.criteria)}"
            yield f"grades: unknown verdict {verdict!r}{hint}"
        elif grade not in rubric.criteria[verdict].grades:
            offered = ", ".join(rubric.criteria[verdict].grades)
            yield f"grades.{verdict} is {grade!r}; the rubric offers {offered}"
        elif read.reference is None and verdict != "groundedness":
            yield f"grades.{verdict} needs a reference; write one, or remove the grade"
        elif not read.passages and verdict == "groundedness":
            yield "grades.groundedness needs passages; write them, or remove the grade"
