"""Answers, verdicts and rankings -> what is kept of each question, and the scores of its answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag_sweeps.golden import GoldenSet
from rag_sweeps.records import (
    Answer,
    ChunkTable,
    Floats,
    Matches,
    Passage,
    Question,
    QuestionRecord,
    Ranking,
    RetrievedPassage,
    Verdict,
)
from rag_sweeps.retrieval import Retrieved

SHOWN_PASSAGES = 20


def top_passages(ranking: Ranking, chunks: ChunkTable, golden: GoldenSet, top_k: int) -> list[list[Passage]]:
    """What the generator is given for each question: the first top_k chunks, in rank order."""
    return [
        [
            Passage(
                document=golden.documents[chunks.doc[row]].id,
                text=golden.documents[chunks.doc[row]].text[chunks.start[row] : chunks.end[row]],
                score=float(score),
            )
            for row, score in zip(rows, scores, strict=True)
            if row >= 0
        ]
        for rows, scores in zip(ranking.rows[:, :top_k], ranking.scores[:, :top_k], strict=True)
    ]


def answer_scores(verdicts: Sequence[Verdict | None]) -> dict[str, Floats]:
    """answer_score and its parts, (Q,) each; NaN for a question that was not judged. Nothing judged, no metric."""
    names = sorted({name for verdict in verdicts if verdict for name in verdict.parts})
    if not any(verdict is not None and verdict.score is not None for verdict in verdicts):
        return {}
    whole = [np.nan if verdict is None or verdict.score is None else verdict.score for verdict in verdicts]
    parts = {name: [verdict.parts.get(name, np.nan) if verdict else np.nan for verdict in verdicts] for name in names}
    return {name: np.array(values, dtype=np.float64) for name, values in ({"answer_score": whole} | parts).items()}


def question_records(
    questions: Sequence[Question],
    found: Retrieved,
    matches: Matches,
    chunks: ChunkTable,
    answers: Sequence[Answer | None],
    verdicts: Sequence[Verdict | None],
) -> tuple[QuestionRecord, ...]:
    """What a person looks at when a question went wrong."""
    return tuple(
        QuestionRecord(
            question_id=question.id,
            passages=tuple(
                RetrievedPassage(
                    int(chunks.doc[row]), int(chunks.start[row]), int(chunks.end[row]), float(score), bool(hit)
                )
                for row, score, hit in zip(rows, scores, hits, strict=True)
                if row >= 0
            ),
            answer=answer,
            verdict=verdict,
            failure="the question's vector is not finite" if failed else None,
        )
        for question, rows, scores, hits, answer, verdict, failed in zip(
            questions,
            found.ranking.rows[:, :SHOWN_PASSAGES],
            found.ranking.scores[:, :SHOWN_PASSAGES],
            matches.hits[:, :SHOWN_PASSAGES],
            answers,
            verdicts,
            found.failed,
            strict=True,
        )
    )
