"""ReportData -> what the questions browser shows: each text once, passages as offsets into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag_sweeps.decision import Measured
from rag_sweeps.records import Question, QuestionRecord, Span
from rag_sweeps.report.data import ReportData, finite, key_rows, kind, label
from rag_sweeps.report.escaping import to_json

MOST_BYTES = 12_000_000
"""Configurations beyond the key ones are left out of the browser once their records exceed this."""


def browser(data: ReportData) -> dict[str, Any]:
    """Plain JSON: documents [id, text], questions, and per configuration one record per question, in their order.

    A passage is [document, start, end, score, relevant]; offsets are code points. Recommended, best and baselines are
    always there, the others in rank order while they fit.
    """
    questions = data.golden.split("dev")
    keys = [row.measured for row in key_rows(data.decision)]
    rest = [row.measured for row in data.decision.rows if row.measured not in keys]
    kinds = {row.measured.number: kind(row, data.decision) for row in data.decision.rows}
    chosen, size = [], 0
    for at, measured in enumerate((*keys, *rest)):
        records = _records(measured, questions)
        size += len(to_json(records))
        if at >= len(keys) and size > MOST_BYTES:
            break
        chosen.append({"label": label(measured), "kind": kinds[measured.number], "records": records})
    numbers = _renumber(chosen, questions)
    return {
        "documents": [[data.golden.documents[doc].id, data.golden.documents[doc].text] for doc in numbers],
        "questions": [_question(question, numbers) for question in questions],
        "configurations": chosen,
        "left_out": len(data.decision.rows) - len(chosen),
    }


def _records(measured: Measured, questions: Sequence[Question]) -> list[dict[str, Any] | None]:
    by_id = {record.question_id: record for record in measured.dev.questions}
    return [_record(by_id[question.id]) if question.id in by_id else None for question in questions]


def _record(record: QuestionRecord) -> dict[str, Any]:
    """Keys that say nothing are left out."""
    answer, verdict = record.answer, record.verdict
    plain: dict[str, Any] = {
        "passages": [
            [each.doc, each.start, each.end, _score(each.score), int(each.relevant)] for each in record.passages
        ],
        "failure": record.failure,
    }
    if answer is not None:
        plain |= {"answer": answer.text, "abstained": answer.abstained, "problem": answer.problem}
    if verdict is not None:
        score = None if verdict.score is None else finite(round(verdict.score, 4))
        plain["verdict"] = [score, verdict.reason, verdict.judge_version]
    return {name: value for name, value in plain.items() if value is not None and value is not False}


def _score(score: float) -> float | None:
    found = finite(score)
    return None if found is None else float(f"{found:.4g}")


def _question(question: Question, numbers: dict[int, int]) -> dict[str, Any]:
    """evidence: per piece its spans, the one its author pointed at first."""
    return {
        "id": question.id,
        "text": question.text,
        "answer": question.answer,
        "tags": list(question.tags),
        "evidence": [[_place(span, numbers) for span in piece.spans] for piece in question.evidence],
    }


def _place(span: Span, numbers: dict[int, int]) -> list[int]:
    return [numbers[span.doc], span.start, span.end]


def _renumber(chosen: Sequence[dict[str, Any]], questions: Sequence[Question]) -> dict[int, int]:
    """Documents nobody points at are not embedded: old number -> new number, and passages renumbered in place."""
    passages = [passage for each in chosen for record in each["records"] if record for passage in record["passages"]]
    used = {passage[0] for passage in passages}
    used |= {span.doc for question in questions for piece in question.evidence for span in piece.spans}
    numbers = {doc: at for at, doc in enumerate(sorted(used))}
    for passage in passages:
        passage[0] = numbers[passage[0]]
    return numbers
