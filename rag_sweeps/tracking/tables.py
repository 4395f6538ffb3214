"""TrialResult + GoldenSet -> the tables of a run: the curve over K, every question, the failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import CUTOFFS, Look, Question, QuestionRecord, RetrievedPassage, TrialResult
from rag_sweeps.tracking.privacy import Privacy, privacy_of, sampled

TABLE_PASSAGES = 5
SEPARATOR = "\n---\n"
CURVE_FAMILIES = ("hit_rate", "mrr", "recall", "precision", "ndcg", "map", "char_recall", "char_precision", "char_iou")
QUESTION_COLUMNS = (
    *("id", "question", "tags", "evidence", "passages", "relevant", "answer", "reference", "verdict"),
    *("tokens", "ms", "failure"),
)
RACE_COLUMNS = ("n", "reason", "difference to the incumbent", "low", "high", "evidence", "chance")
SCORES = ("hit_rate@5", "mrr@10", "recall@10", "answer_score")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows, as W&B and a test both read them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def tables_of(result: TrialResult, golden: GoldenSet) -> dict[str, Table]:
    """name -> table. Rows of large ones are sampled by the rule that the run's config declares."""
    every = _question_rows(result, golden)
    most = int(str(result.params.get("logged_rows", 1000)))
    ids = result.question_ids
    failed = [at for at, record in enumerate(result.questions) if _went_wrong(record)]
    names = tuple(name for name in SCORES if name in result.per_question)
    columns = (*QUESTION_COLUMNS, *names)
    failures = sampled([every[at] for at in failed], [ids[at] for at in failed], most=most)
    race = {"race": Table(RACE_COLUMNS, tuple(_race_row(look) for look in result.looks))} if result.looks else {}
    return {
        **race,
        "curve_over_k": _curve(result),
        "per_question": Table(columns, tuple(sampled(every, ids, most=most))),
        "failures": Table(columns, tuple(failures)),
    }


def _race_row(look: Look) -> tuple[Any, ...]:
    numbers = (look.mean_difference, look.low, look.high, look.evidence, look.chance)
    return (look.n, look.reason, *(number if number == number else None for number in numbers))


def _curve(result: TrialResult) -> Table:
    rows = [
        (k, *(result.metrics[f"{family}@{k}"].mean for family in CURVE_FAMILIES))
        for k in CUTOFFS
        if result.metrics[f"hit_rate@{k}"].n
    ]
    return Table(("k", *CURVE_FAMILIES), tuple(rows))


def _went_wrong(record: QuestionRecord) -> bool:
    """Nothing relevant among what was found, no usable answer, or no verdict on it."""
    missed = bool(record.passages) and not any(passage.relevant for passage in record.passages)
    unusable = record.answer is not None and record.answer.problem is not None
    unscored = record.verdict is not None and record.verdict.score is None
    return record.failure is not None or missed or unusable or unscored


def _question_rows(result: TrialResult, golden: GoldenSet) -> list[tuple[Any, ...]]:
    privacy = privacy_of(result)
    questions = {question.id: question for question in golden.questions}
    names = [name for name in SCORES if name in result.per_question]
    return [
        (
            *_question_cells(questions[record.question_id], record, golden, privacy),
            *(result.per_question[name][at].item() for name in names),
        )
        for at, record in enumerate(result.questions)
    ]


def _question_cells(question: Question, record: QuestionRecord, golden: GoldenSet, privacy: Privacy) -> tuple[Any, ...]:
    shown = [_passage(passage, golden, privacy) for passage in record.passages[:TABLE_PASSAGES]]
    relevant = [str(rank) for rank, passage in enumerate(record.passages, start=1) if passage.relevant]
    replies = (*(record.answer.replies if record.answer else ()), *(record.verdict.replies if record.verdict else ()))
    problem = record.failure or (record.answer.problem if record.answer else None)
    return (
        privacy.name(question.id),
        privacy.text(question.text),
        ", ".join(privacy.name(tag) for tag in question.tags),
        SEPARATOR.join(str(privacy.text(evidence.quote)) for evidence in question.evidence),
        SEPARATOR.join(shown),
        ", ".join(relevant),
        privacy.text(record.answer.text) if record.answer else None,
        privacy.text(question.answer),
        privacy.text(record.verdict.reason) if record.verdict else None,
        sum(reply.usage.input_tokens + reply.usage.output_tokens for reply in replies) or None,
        sum(reply.usage.latency_s for reply in replies) * 1000 or None,
        privacy.text(problem),
    )


def _passage(passage: RetrievedPassage, golden: GoldenSet, privacy: Privacy) -> str:
    document = golden.documents[passage.doc]
    where = f"[{privacy.name(document.id)} {passage.start}:{passage.end}]"
    text = document.text[passage.start : passage.end]
    return f"{where}\n{privacy.text(text)}"
