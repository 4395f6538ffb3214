"""Chroma's chunking_evaluation set, a CSV and its corpora -> a golden set for retrieval; it has no answers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from rag_sweeps.golden.importers.foreign import read_text
from rag_sweeps.golden.importers.target import TEST_SHARE, Draft, Imported, Quote, check_target, write_golden
from rag_sweeps.golden.lines import parse_json
from rag_sweeps.golden.problems import GoldenError, Problem, golden_error
from rag_sweeps.records import Document

COLUMNS = ("question", "references", "corpus_id")
SUFFIXES = (".md", ".txt")


class _Reference(BaseModel):
    content: str
    start_index: int
    end_index: int


_REFERENCES = TypeAdapter(list[_Reference])


def import_chroma(
    questions_csv: Path, corpora_dir: Path, target: Path, *, test_share: float = TEST_SHARE, overwrite: bool = False
) -> Imported:
    """Columns question, references (a JSON list of content, start_index, end_index) and corpus_id.

    Documents are `<corpus_id>.md` or `.txt` of corpora_dir, those that a question names. Questions have no ids in
    the file: they are `q0001`, ... by row, as in a questions.jsonl without ids.
    """
    check_target(target, test_share=test_share, overwrite=overwrite)
    rows = csv.DictReader(io.StringIO(read_text(questions_csv), newline=""))
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise golden_error(questions_csv, f"has no column {', '.join(missing)}; the columns are {', '.join(COLUMNS)}")
    problems: list[Problem] = []
    documents: dict[str, Document | None] = {}
    drafts: list[Draft] = []
    try:
        for number, row in enumerate(rows, start=1):
            corpus = row["corpus_id"] or ""
            if corpus not in documents:
                documents[corpus] = _read_corpus(corpora_dir, corpus, questions_csv, rows.line_num, problems)
            try:
                references = _REFERENCES.validate_python(parse_json(row["references"] or ""))
            except ValueError as error:  # pydantic's ValidationError is one.
                reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
                what = f"'references' is no JSON list of content, start_index and end_index ({reason})"
                problems.append(Problem(str(questions_csv), rows.line_num, what))
                continue
            quotes = [Quote(corpus, item.content, item.start_index, item.end_index) for item in references]
            drafts.append(Draft(f"q{number:04d}", row["question"] or "", None, tuple(quotes)))
    except csv.Error as error:
        raise golden_error(questions_csv, f"is not CSV at line {rows.line_num} ({error}); mend it") from error
    if problems:
        raise GoldenError(problems)
    return write_golden(
        target,
        [document for document in documents.values() if document],
        drafts,
        description=f"Imported from Chroma's chunking evaluation ({questions_csv.name}); there are no answers.",
        test_share=test_share,
        overwrite=overwrite,
    )


def _read_corpus(folder: Path, name: str, file: Path, line: int, problems: list[Problem]) -> Document | None:
    """The corpus of that name; the name is a file's in this folder, never a path to elsewhere."""
    for suffix in SUFFIXES:
        path = folder / f"{name}{suffix}"
        if name and path.parent == folder and path.is_file():
            return Document(name, read_text(path))
    problems.append(Problem(str(file), line, f"corpus_id {name!r}: {folder} has no {name}.md or {name}.txt; add it"))
    return None
