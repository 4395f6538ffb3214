"""Golden sets as they were measured: a copy by digest, so that a report or an upload never shows changed files."""

from __future__ import annotations

from pathlib import Path

from rag_sweeps.errors import InputError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.golden.problems import Problem
from rag_sweeps.golden.questions import QUESTIONS_FILE, WrittenQuestion, parse_questions
from rag_sweeps.store.files import home, write_bytes_atomic


def keep_golden(golden: GoldenSet) -> Path:
    """Copy the golden set's files under its digest, where they are not there yet. Returns the folder."""
    folder = _folder(golden.digest)
    for path in sorted(golden.folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            copy = folder / path.relative_to(golden.folder)
            if not copy.is_file():
                write_bytes_atomic(copy, path.read_bytes())
    return folder


def kept_golden_folder(digest: str) -> Path:
    """Raises InputError where no sweep on this machine measured that golden set."""
    folder = _folder(digest)
    if not folder.is_dir():
        raise InputError(
            f"the golden set {digest[:12]} of this sweep is not under {folder.parent}; run the sweep again"
        )
    return folder


def kept_tags(digest: str) -> dict[str, tuple[str, ...]]:
    """Question id -> tags, without reading a document; nothing where the golden set is not kept."""
    return {question.id: question.tags for question in _kept_questions(digest) or ()}


def kept_n_test(digest: str) -> int | None:
    """How many held-out questions there are; None where the golden set is not kept."""
    questions = _kept_questions(digest)
    return None if questions is None else sum(question.split == "test" for question in questions)


def _kept_questions(digest: str) -> list[WrittenQuestion] | None:
    path = _folder(digest) / QUESTIONS_FILE
    if not path.is_file():
        return None
    problems: list[Problem] = []
    return parse_questions(QUESTIONS_FILE, path.read_text("utf-8-sig"), problems)


def _folder(digest: str) -> Path:
    return home() / "golden_sets" / digest[:16]
