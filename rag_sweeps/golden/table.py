"""Questions -> EvidenceTable: the spans of their evidence as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag_sweeps.records import EvidenceTable, Question


def evidence_table(questions: Sequence[Question]) -> EvidenceTable:
    """Rows sorted by question, then by evidence, the author's span before its alternatives.

    question, evidence, doc, start, end: (E,) int64; n_evidence: (Q,) int64.
    """
    pieces = [(number, piece) for number, question in enumerate(questions) for piece in question.evidence]
    rows = np.array(
        [
            (question, number, span.doc, span.start, span.end)
            for number, (question, piece) in enumerate(pieces)
            for span in piece.spans
        ],
        dtype=np.int64,
    ).reshape(-1, 5)
    question, evidence, doc, start, end = (np.ascontiguousarray(column) for column in rows.T)
    return EvidenceTable(
        question=question,
        evidence=evidence,
        doc=doc,
        start=start,
        end=end,
        n_evidence=np.array([len(question.evidence) for question in questions], dtype=np.int64),
    )
