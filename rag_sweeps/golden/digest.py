"""Documents + questions -> one SHA-256 that changes with anything a score could rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from rag_sweeps.records import Document, Question
from rag_sweeps.store.files import digest_of


def digest_golden(documents: Sequence[Document], questions: Sequence[Question]) -> str:
    """The same for any order of files and lines, and for a quote given with or without its offsets.

    Other places of the same text follow from the documents, so they are not part of it.
    """
    texts = {document.id: hashlib.sha256(document.text.encode()).hexdigest() for document in documents}
    in_order = sorted(questions, key=lambda question: question.id)
    return digest_of({"documents": texts, "questions": [_plain(question, documents) for question in in_order]})


def _plain(question: Question, documents: Sequence[Document]) -> dict[str, object]:
    firsts = [evidence.spans[0] for evidence in question.evidence]
    return {
        "id": question.id,
        "question": question.text,
        "answer": question.answer,
        "evidence": [[documents[span.doc].id, span.start, span.end] for span in firsts],
        "tags": list(question.tags),
        "split": question.split,
    }
