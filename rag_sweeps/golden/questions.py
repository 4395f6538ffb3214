"""questions.jsonl -> questions as written: checked one by one, their quotes not yet looked up."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from rag_sweeps.golden.lines import JsonLine, describe_errors, parse_lines
from rag_sweeps.golden.problems import Problem
from rag_sweeps.records import Split

QUESTIONS_FILE = "questions.jsonl"


class EvidenceLine(BaseModel):
    """One item of `evidence`; start and end are code points of the document, end exclusive, both or neither."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    document: str
    quote: str
    start: int | None = None
    end: int | None = None


class QuestionLine(BaseModel):
    """One line of questions.jsonl; null means the same as a key left out."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: str | None = None
    question: str
    answer: str | None = None
    evidence: list[EvidenceLine] | None = None
    tags: list[str] | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question as its author wrote it on line `line` of the file."""

    line: int
    id: str
    text: str
    answer: str | None
    evidence: tuple[EvidenceLine, ...]
    tags: tuple[str, ...]
    split: Split


def parse_questions(file: str, text: str, problems: list[Problem]) -> list[WrittenQuestion]:
    """Every good question in file order; what is wrong with the others goes to `problems`."""
    n_before = len(problems)
    questions: list[WrittenQuestion] = []
    seen: dict[str, int] = {}
    for line in parse_lines(file, text, problems):
        parsed = _parse_line(line)
        if isinstance(parsed, list):
            problems += (Problem(file, line.number, what) for what in parsed)
        elif parsed.id in seen:
            what = f"question id {parsed.id!r} is also on line {seen[parsed.id]}; rename one"
            problems.append(Problem(file, line.number, what))
        else:
            seen[parsed.id] = line.number
            questions.append(parsed)
    if not questions and len(problems) == n_before:
        problems.append(Problem(file, None, 'has no questions; write lines such as {"question": "...", "answer": ...}'))
    return questions


def _parse_line(line: JsonLine) -> WrittenQuestion | list[str]:
    """The question of one line, or what is wrong with it."""
    value = dict(line.value)
    if "reference_answer" in value:
        if "answer" in value:
            return ["has both 'answer' and 'reference_answer'; remove one"]
        value["answer"] = value.pop("reference_answer")
    try:
        parsed = QuestionLine.model_validate(value)
    except ValidationError as error:
        return describe_errors(error, QuestionLine, EvidenceLine)
    faults = _find_faults(parsed)
    if faults:
        return faults
    return WrittenQuestion(
        line=line.number,
        id=f"q{line.number:04d}" if parsed.id is None else parsed.id,
        text=parsed.question,
        answer=parsed.answer,
        evidence=tuple(parsed.evidence or ()),
        tags=tuple(parsed.tags or ()),
        split=parsed.split or "dev",
    )


def _find_faults(question: QuestionLine) -> list[str]:
    faults = []
    if question.id is not None and not question.id.strip():
        faults.append("'id' is empty; name the question or leave the key out")
    if not question.question.strip():
        faults.append("'question' is empty; write the question")
    if question.answer is not None and not question.answer.strip():
        faults.append("'answer' is empty; write the answer, or null")
    elif question.answer is not None and not question.evidence:
        faults.append("has an answer but no evidence; add evidence or set answer to null")
    for number, item in enumerate(question.evidence or ()):
        faults += (f"evidence[{number}]: {fault}" for fault in _find_evidence_faults(item))
    return faults


def _find_evidence_faults(item: EvidenceLine) -> list[str]:
    if not item.quote.strip():
        return ["'quote' is empty; copy the text that answers the question"]
    if item.start is None and item.end is None:
        return []
    if item.start is None or item.end is None:
        return ["has only one of start and end; give both or neither"]
    if item.start < 0:
        return [f"start is {item.start}; offsets count from 0"]
    if item.start >= item.end:
        return [f"start {item.start} is not before end {item.end}; end is exclusive"]
    return []
