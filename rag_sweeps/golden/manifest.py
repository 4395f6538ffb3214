"""manifest.json: what a golden set is called, and what it held when it was sealed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from rag_sweeps.golden.lines import describe_errors, parse_json
from rag_sweeps.golden.problems import Problem
from rag_sweeps.golden.sources import read_source
from rag_sweeps.store.files import write_text_atomic

MANIFEST_FILE = "manifest.json"
FORMAT = 1

Seal = Literal["unsealed", "sealed", "changed"]


class Manifest(BaseModel):
    """The file, key by key; a hand-written one may hold the name, description and licence alone."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: int = FORMAT
    name: str | None = None
    description: str | None = None
    license: str | None = None
    digest: str | None = None
    n_documents: int | None = None
    n_questions: int | None = None
    files: dict[str, str] | None = None


def read_manifest(folder: Path, problems: list[Problem]) -> Manifest | None:
    """None where there is no manifest, or where it cannot be used, which is a problem."""
    path = folder / MANIFEST_FILE
    if not path.exists() or (source := read_source(folder, path, problems)) is None:
        return None
    try:
        manifest = Manifest.model_validate(parse_json(source.text))
    except ValidationError as error:
        problems += (Problem(str(path), None, what) for what in describe_errors(error, Manifest))
        return None
    except ValueError as error:
        problems.append(Problem(str(path), None, f"{error}; mend it, or remove the file and seal the set again"))
        return None
    if manifest.format != FORMAT:
        what = f"format {manifest.format} is not known here; update rag-sweeps, or write {FORMAT}"
        problems.append(Problem(str(path), None, what))
        return None
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> bool:
    """Write the file if that changes it, and say whether it did; keys that have no value are left out."""
    path = folder / MANIFEST_FILE
    text = json.dumps(manifest.model_dump(exclude_none=True), indent=2, ensure_ascii=False) + "\n"
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    write_text_atomic(path, text)
    return True


def compare_seal(manifest: Manifest | None, digest: str) -> Seal:
    """Whether the content is the one that was sealed; files may differ where their meaning does not."""
    if manifest is None or manifest.digest is None:
        return "unsealed"
    return "sealed" if manifest.digest == digest else "changed"


def changed_files(manifest: Manifest | None, files: dict[str, str]) -> tuple[str, ...]:
    """Names of files that are other than sealed, new or missing."""
    if manifest is None or manifest.files is None:
        return ()
    names = manifest.files.keys() | files.keys()
    return tuple(sorted(name for name in names if manifest.files.get(name) != files.get(name)))
