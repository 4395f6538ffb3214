"""A verified golden set -> its offsets written back into questions.jsonl, and its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_sweeps.golden.loading import Verified, verify_golden
from rag_sweeps.golden.manifest import Manifest, write_manifest
from rag_sweeps.golden.placing import Anchored, Moved, PlacedQuote
from rag_sweeps.golden.questions import QUESTIONS_FILE, EvidenceLine
from rag_sweeps.golden.sources import BOM
from rag_sweeps.records import Document
from rag_sweeps.store.files import write_text_atomic

STYLES: tuple[dict[str, Any], ...] = tuple(
    {"ensure_ascii": ascii_only, "separators": separators}
    for ascii_only in (False, True)
    for separators in ((", ", ": "), (",", ":"))
)
"""Ways in which tools write a JSON line; a line that is rewritten keeps its own."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing did; a second sealing writes nothing."""

    digest: str
    moved: tuple[Moved, ...]
    anchored: tuple[Anchored, ...]
    wrote_questions: bool
    wrote_manifest: bool


def seal_golden(folder: Path) -> Sealed:
    """Verify the set, write offsets that moved or were missing into questions.jsonl, then write the manifest.

    Lines whose evidence is where it should be stay as they are, to the byte. A manifest's name, description and
    license are kept.
    """
    verified = verify_golden(folder)
    golden, old = verified.golden, verified.manifest
    text = _rewrite_lines(verified)
    wrote_questions = text != verified.source.text
    files = dict(verified.files)
    if wrote_questions:
        path = folder / QUESTIONS_FILE
        bom = BOM if path.read_bytes().startswith(BOM.encode()) else ""
        write_text_atomic(path, bom + text)
        files[QUESTIONS_FILE] = hashlib.sha256((bom + text).encode()).hexdigest()
    manifest = Manifest(
        name=golden.name,
        description=old.description if old else None,
        license=old.license if old else None,
        digest=golden.digest,
        n_documents=len(golden.documents),
        n_questions=len(golden.questions),
        files=dict(sorted(files.items())),
    )
    wrote_manifest = write_manifest(folder, manifest)
    return Sealed(golden.digest, golden.report.moved, golden.report.anchored, wrote_questions, wrote_manifest)


def _rewrite_lines(verified: Verified) -> str:
    lines = verified.source.text.split("\n")
    for question, quotes in zip(verified.written, verified.placement.quotes, strict=True):
        updates = _find_updates(question.evidence, quotes, verified.golden.documents)
        if updates:
            lines[question.line - 1] = _rewrite_line(lines[question.line - 1], updates)
    return "\n".join(lines)


def _find_updates(
    items: Sequence[EvidenceLine], quotes: Sequence[PlacedQuote], documents: Sequence[Document]
) -> dict[int, dict[str, object]]:
    """Number of the evidence -> the values that are not what its line says."""
    updates: dict[int, dict[str, object]] = {}
    for quote in quotes:
        item, span = items[quote.item], quote.span
        new: dict[str, object] = {"quote": quote.quote, "start": span.start, "end": span.end}
        if span.doc != quote.home:
            new["document"] = documents[span.doc].id
        changed = {key: value for key, value in new.items() if getattr(item, key) != value}
        if changed:
            updates[quote.item] = changed
    return updates


def _rewrite_line(line: str, updates: dict[int, dict[str, object]]) -> str:
    body = line.strip()
    value = json.loads(body)
    style = next((style for style in STYLES if json.dumps(value, **style) == body), STYLES[0])
    for number, changed in updates.items():
        value["evidence"][number].update(changed)
    return line.replace(body, json.dumps(value, **style))
