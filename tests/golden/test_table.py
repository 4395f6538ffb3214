from __future__ import annotations

import numpy as np

from rag_sweeps.golden import evidence_table
from rag_sweeps.records import Evidence, Question, Span


def question(*evidence: Evidence) -> Question:
    return Question("q", "?", None, evidence, (), "dev")


def test_rows_are_sorted_by_question_then_evidence_and_alternatives_share_a_number() -> None:
    table = evidence_table(
        [
            question(Evidence("x", (Span(3, 10, 12), Span(0, 4, 6))), Evidence("y", (Span(1, 0, 5),))),
            question(),
            question(Evidence("z", (Span(2, 7, 9),))),
        ]
    )
    assert table.question.tolist() == [0, 0, 0, 2]
    assert table.evidence.tolist() == [0, 0, 1, 2]
    assert table.doc.tolist() == [3, 0, 1, 2]
    assert table.start.tolist() == [10, 4, 0, 7]
    assert table.end.tolist() == [12, 6, 5, 9]
    assert table.n_evidence.tolist() == [2, 0, 1]
    assert table.n_questions == 3


def test_without_evidence_the_arrays_are_empty_int64() -> None:
    table = evidence_table([question()])
    assert table.question.shape == (0,)
    assert {array.dtype for array in (table.question, table.doc, table.end, table.n_evidence)} == {np.dtype(np.int64)}
    assert evidence_table([]).n_questions == 0
