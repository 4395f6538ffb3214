"""A file of a golden set -> its text, exactly as stored, and its SHA-256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from rag_sweeps.golden.problems import Problem

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Source:
    """`path` is relative to the golden set, with slashes; `digest` is of the bytes, a byte order mark included."""

    path: str
    text: str
    digest: str


def read_source(folder: Path, path: Path, problems: list[Problem]) -> Source | None:
    """The text of one file; None, and a problem, where it cannot be read.

    Line ends stay as they are, since offsets count them. A UTF-8 byte order mark is not text: offsets start after it.
    """
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            # A golden set may come from someone else: it must not reach files outside of its folder.
            problems.append(Problem(str(path), None, "is a symbolic link out of the golden set; copy the file here"))
            return None
        content = path.read_bytes()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.append(Problem(str(path), None, f"cannot be read ({reason}); mend or remove it"))
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        problems.append(Problem(str(path), line, what))
        return None
    name = path.relative_to(folder).as_posix()
    if not name.isascii() and name != name.encode("utf-8", "replace").decode():
        problems.append(Problem(ascii(str(path)), None, "has a name that is not UTF-8; rename the file"))
        return None
    return Source(name, text.removeprefix(BOM), hashlib.sha256(content).hexdigest())
