"""Documents + drafted questions -> a golden set written to a new folder and sealed, or nothing at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_sweeps.golden.documents import FOLDER, LINES_FILE
from rag_sweeps.golden.manifest import MANIFEST_FILE, Manifest, write_manifest
from rag_sweeps.golden.problems import golden_error
from rag_sweeps.golden.questions import QUESTIONS_FILE
from rag_sweeps.golden.sealing import seal_golden
from rag_sweeps.records import Document, Split
from rag_sweeps.store.files import write_text_atomic

TEST_SHARE = 0.4
"""Share of questions kept for the last word; the others steer the search."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Evidence as an importer found it: characters [start, end) of a document."""

    document: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A question to write; no quotes means that the documents do not answer it."""

    id: str
    text: str
    answer: str | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was written; `notes` says what the source had that could not be used."""

    folder: Path
    n_documents: int
    n_questions: int
    digest: str
    notes: tuple[str, ...]


def write_golden(
    target: Path,
    documents: Sequence[Document],
    drafts: Sequence[Draft],
    *,
    description: str,
    test_share: float,
    overwrite: bool,
    notes: Sequence[str] = (),
) -> Imported:
    """Write and seal a golden set. It is built beside the target, so that a failed import leaves nothing behind.

    overwrite replaces the three files of an earlier import and leaves everything else in the folder alone.
    """
    check_target(target, test_share=test_share, overwrite=overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    try:
        lines = [{"id": document.id, "text": document.text} for document in documents]
        write_text_atomic(workshop / LINES_FILE, _dump_lines(lines))
        write_text_atomic(workshop / QUESTIONS_FILE, _dump_lines([_plain(draft, test_share) for draft in drafts]))
        write_manifest(workshop, Manifest(name=target.resolve().name, description=description))
        sealed = seal_golden(workshop)
        target.mkdir(exist_ok=True)
        for name in (LINES_FILE, QUESTIONS_FILE, MANIFEST_FILE):
            os.replace(workshop / name, target / name)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return Imported(target, len(documents), len(drafts), sealed.digest, tuple(notes))


def check_target(target: Path, *, test_share: float, overwrite: bool) -> None:
    """Refuse, before anything is read or fetched, what could not be written in the end."""
    if not 0 <= test_share <= 1:
        raise golden_error(target, f"test_share is {test_share}; it is a share between 0 and 1")
    if target.exists() and not target.is_dir():
        raise golden_error(target, "is a file; name a folder for the golden set")
    if target.is_dir() and any(target.iterdir()):
        if not overwrite:
            raise golden_error(target, "is not empty; name another folder, or say that it may be overwritten")
        if (target / FOLDER).exists():
            raise golden_error(target, f"has {FOLDER}/, which an import does not overwrite; name another folder")


def assign_split(question_id: str, test_share: float) -> Split:
    """The split of a question by its id alone: the same in every import, whatever other questions there are."""
    drawn = int.from_bytes(hashlib.sha256(question_id.encode()).digest()[:8], "big") / 2**64
    return "test" if drawn < test_share else "dev"


def _plain(draft: Draft, test_share: float) -> dict[str, object]:
    evidence = [
        {"document": quote.document, "quote": quote.text, "start": quote.start, "end": quote.end}
        for quote in draft.quotes
    ]
    split = assign_split(draft.id, test_share)
    return {"id": draft.id, "question": draft.text, "answer": draft.answer, "evidence": evidence, "split": split}


def _dump_lines(values: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
