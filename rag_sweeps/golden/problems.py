"""What is wrong with a golden set -> one error that names every place, value and remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_sweeps.errors import InputError

MAX_SHOWN = 20
"""Problems spelt out in one error; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend; `line` counts from 1, None where the whole file or folder is meant."""

    file: str
    line: int | None
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.text}"


class GoldenError(InputError):
    """A golden set, or a file to import, that cannot be used as it is; carries all of its problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:MAX_SHOWN]]
        n_hidden = len(self.problems) - len(lines)
        if n_hidden:
            lines.append(f"and {n_hidden:,} more")
        super().__init__("\n".join(lines))


def golden_error(file: object, text: str) -> GoldenError:
    """The error for a single problem with a whole file or folder."""
    return GoldenError([Problem(str(file), None, text)])


def shorten_quote(text: str, max_chars: int = 60) -> str:
    """One printable line in double quotation marks, its middle left out where it is long."""
    line = " ".join(text.split())
    if len(line) > max_chars:
        half = (max_chars - 3) // 2
        line = f"{line[:half].rstrip()} … {line[-half:].lstrip()}"
    return '"' + "".join(char if char.isprintable() else "�" for char in line) + '"'


def suggest_name(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
