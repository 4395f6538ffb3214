"""A small golden set on disk, written by each test in its own words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest

FEES = "# Fees\n\nThe basic fee is 12 euros a month. Cancelling is free of charge.\n"
TRAVEL = "# Travel\n\nTrains are booked in second class. Cancelling is free of charge.\n"


class WriteSet(Protocol):
    def __call__(
        self,
        questions: Sequence[Mapping[str, object]] | str,
        documents: Mapping[str, str] | None = None,
    ) -> Path: ...


@pytest.fixture
def write_set(tmp_path: Path) -> WriteSet:
    """Write `documents/` and questions.jsonl (objects, or the text of the file); call it again to edit."""

    def write(questions: Sequence[Mapping[str, object]] | str, documents: Mapping[str, str] | None = None) -> Path:
        folder = tmp_path / "set"
        for name, text in (documents or {"fees.md": FEES, "trips/travel.md": TRAVEL}).items():
            path = folder / "documents" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        if not isinstance(questions, str):
            questions = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
        (folder / "questions.jsonl").write_bytes(questions.encode())
        return folder

    return write


def ask(text: str = "What is the fee?", *evidence: Mapping[str, object], **more: object) -> dict[str, object]:
    """A question as a line of questions.jsonl."""
    return {"question": text, "evidence": list(evidence), **more}


def quote(document: str, text: str, start: int | None = None, end: int | None = None) -> dict[str, object]:
    """Evidence of such a line; the end follows from the text unless given."""
    if start is None:
        return {"document": document, "quote": text}
    return {"document": document, "quote": text, "start": start, "end": start + len(text) if end is None else end}
