"""Where files live, and the one way they are written: to a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any


def home() -> Path:
    """The folder of everything this program writes: RAG_SWEEPS_HOME, or .rag_sweeps in the working directory."""
    return Path(os.environ.get("RAG_SWEEPS_HOME") or ".rag_sweeps").absolute()


def shown(path: Path) -> str:
    """A path as a person wants to read it: relative where it lies below the working directory."""
    working = Path.cwd()
    return str(path.relative_to(working)) if path.is_relative_to(working) else str(path)


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """Readers see the old file or the new one, never a part; a crash leaves at most a stray temporary file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # a file stands where a folder should; name what was to be written
        raise NotADirectoryError(error.errno, "its folder is a file", str(path)) from error
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text_atomic(path: Path, text: str) -> None:
    """UTF-8, line ends as given."""
    write_bytes_atomic(path, text.encode())


def canonical_json(value: Any) -> str:
    """One ASCII text per value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of a plain value."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
