"""Measured and required values -> an aligned table and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Ok = Literal["", "ok", "NOT OK", "not ok, noise?"]


@dataclass(frozen=True, slots=True)
class Line:
    """One row. holds is None where nothing is required.

    binding: False for absolute seconds, which a busy machine can spoil: shown, but the exit code stays 0.
    """

    what: str
    measured: str
    required: str = ""
    holds: bool | None = None
    binding: bool = True

    @property
    def ok(self) -> Ok:
        if self.holds is None:
            return ""
        if self.holds:
            return "ok"
        return "NOT OK" if self.binding else "not ok, noise?"


def conclude(title: str, lines: Sequence[Line]) -> int:
    """Print the table; 1 when a binding requirement fails, else 0."""
    rows = [("what", "measured", "required", "")]
    rows += [(line.what, line.measured, line.required, line.ok) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print(f"\n{title}\n")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(flush=True)
    return int(any(line.holds is False and line.binding for line in lines))
