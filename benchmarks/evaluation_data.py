"""The folder of public evaluation data -> records, and golden sets written to a folder of the caller's.

The data is measured on and is no part of this project: a benchmark that does not find it says so and passes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_sweeps.golden import GoldenSet, load_golden
from rag_sweeps.golden.importers.target import Draft, Quote, write_golden
from rag_sweeps.records import Document, Evidence, Question, Span

ROOT = Path(__file__).resolve().parents[1]
LOCATION = "RAG_SWEEPS_BENCH_DATA"


class DataMissingError(Exception):
    """The data of a benchmark is not on this machine; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Documents sorted by id; every question with the spans its authors marked, and nothing else."""

    documents: tuple[Document, ...]
    questions: tuple[Question, ...]


def data_folder(*parts: str) -> Path:
    """A folder of the data; raises DataMissingError."""
    folder = Path(os.environ.get(LOCATION) or ROOT.parent / "shared" / "data").joinpath(*parts)
    if not folder.is_dir():
        where = os.path.relpath(folder, ROOT)
        raise DataMissingError(f"skipped: no folder {where}; set {LOCATION} to the folder of the evaluation data")
    return folder


def use_tiktoken_cache() -> None:
    """tiktoken reads its encodings from the data's folder, where the user has not chosen another."""
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(data_folder("tiktoken_cache")))


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_chroma(corpora: Collection[str] = ()) -> EvaluationSet:
    """Chroma's chunking evaluation, or the questions of some of its corpora over those alone."""
    folder = data_folder("chroma")
    found = [Document(line["id"], line["text"]) for line in read_lines(folder / "documents.jsonl")]
    documents = sorted((document for document in found if not corpora or document.id in corpora), key=lambda d: d.id)
    number = {document.id: at for at, document in enumerate(documents)}
    questions = []
    for line in read_lines(folder / "questions.jsonl"):
        if line["corpus_id"] not in number:
            continue
        spans = [Span(number[span["doc_id"]], span["start"], span["end"]) for span in line["spans"]]
        evidence = tuple(Evidence(documents[at.doc].text[at.start : at.end], (at,)) for at in spans)
        questions.append(Question(line["id"], line["question"], None, evidence, (line["corpus_id"],), "dev"))
    return EvaluationSet(tuple(documents), tuple(questions))


def read_xquad_paragraphs() -> EvaluationSet:
    """XQuAD English as MTEB reads it: texts stripped, equal questions merged, the whole paragraph is the evidence."""
    folder = data_folder("xquad", "paragraphs")
    found = [Document(line["id"], line["text"].strip()) for line in read_lines(folder / "documents.jsonl")]
    documents = sorted(found, key=lambda document: document.id)
    number = {document.id: at for at, document in enumerate(documents)}
    merged: dict[str, Question] = {}
    for line in read_lines(folder / "questions.jsonl"):
        text = line["question"].strip()
        paragraph = number[line["spans"][0]["doc_id"]]
        whole = documents[paragraph].text
        # MTEB keeps the paragraph of the last of two equal questions.
        evidence = (Evidence(whole, (Span(paragraph, 0, len(whole)),)),)
        merged[text] = Question(line["id"], text, None, evidence, (), "dev")
    return EvaluationSet(tuple(documents), tuple(merged.values()))


def as_golden_set(data: EvaluationSet, folder: Path) -> GoldenSet:
    """The same data as a verified golden set; it adds the other places where an excerpt stands. All of it is dev."""
    drafts = [
        Draft(question.id, question.text, None, tuple(_quote(piece, data) for piece in question.evidence))
        for question in data.questions
    ]
    write_golden(folder, data.documents, drafts, description="For a benchmark.", test_share=0.0, overwrite=False)
    return load_golden(folder)


def _quote(piece: Evidence, data: EvaluationSet) -> Quote:
    span = piece.spans[0]
    return Quote(data.documents[span.doc].id, piece.quote, span.start, span.end)
