"""A file in someone else's format -> its text, or rows with string values, or a located error."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

from rag_sweeps.golden.lines import JsonLine, parse_lines
from rag_sweeps.golden.problems import GoldenError, Problem, golden_error
from rag_sweeps.golden.sources import BOM


def read_text(path: Path) -> str:
    """The text of a file, line ends kept; `.gz` is unpacked."""
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        return content.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        raise golden_error(path, f"byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise golden_error(path, f"cannot be read ({reason}); name an existing file") from error


def read_lines(path: Path) -> list[JsonLine]:
    """The objects of a JSON Lines file; every bad line is named."""
    problems: list[Problem] = []
    lines = list(parse_lines(str(path), read_text(path), problems))
    if problems:
        raise GoldenError(problems)
    return lines


def get_text(value: dict[str, object], keys: Sequence[str]) -> str | None:
    """The first of the keys that holds a string; None where none does."""
    return next((text for key in keys if isinstance(text := value.get(key), str)), None)
