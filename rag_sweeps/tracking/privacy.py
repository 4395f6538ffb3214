"""`logged_text` -> what of a text may leave this machine: the text, or a digest of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rag_sweeps.records import Answer, QuestionRecord, TrialResult, Verdict

DIGEST_CHARS = 16

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Privacy:
    """full: texts leave as they are; otherwise each is replaced by the beginning of its SHA-256."""

    full: bool

    def text(self, text: str | None) -> str | None:
        return text if self.full or not text else digest(text)

    def name(self, name: str) -> str:
        """Of a question or a document: names may say as much as a text does."""
        return name if self.full else digest(name)

    def result(self, result: TrialResult) -> TrialResult:
        """The result with no text of a document, a question, an answer or a judge."""
        if self.full:
            return result
        return replace(
            result,
            params={name: value for name, value in result.params.items() if name != "golden_set"},
            question_ids=tuple(map(digest, result.question_ids)),
            questions=tuple(_without_text(question) for question in result.questions),
        )


def privacy_of(result: TrialResult) -> Privacy:
    """What the asker of a result wants; who first measured it may have wanted something else."""
    return Privacy(full=result.params.get("logged_text", "full") == "full")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]


def sampled(rows: Sequence[Row], ids: Sequence[str], *, most: int) -> list[Row]:
    """At most so many rows, those with the smallest SHA-256 of their id, in their own order: the same in every run."""
    if len(rows) <= most:
        return list(rows)
    smallest = sorted(range(len(rows)), key=lambda at: hashlib.sha256(ids[at].encode()).hexdigest())[:most]
    return [rows[at] for at in sorted(smallest)]


def _without_text(question: QuestionRecord) -> QuestionRecord:
    return replace(
        question,
        question_id=digest(question.question_id),
        answer=_answer(question.answer),
        verdict=_verdict(question.verdict),
        failure=None if question.failure is None else digest(question.failure),
    )


def _answer(answer: Answer | None) -> Answer | None:
    if answer is None:
        return None
    text, problem = answer.text, answer.problem
    return replace(
        answer,
        text=digest(text) if text else "",
        problem=None if problem is None else digest(problem),
        replies=tuple(replace(reply, text=digest(reply.text), problem=None) for reply in answer.replies),
    )


def _verdict(verdict: Verdict | None) -> Verdict | None:
    if verdict is None:
        return None
    return replace(
        verdict,
        reason=digest(verdict.reason) if verdict.reason else "",
        replies=tuple(replace(reply, text=digest(reply.text), problem=None) for reply in verdict.replies),
    )
