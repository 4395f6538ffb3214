"""The numbers of a plan: from a low guess to the most that is expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_sweeps.records import Purpose


@dataclass(frozen=True, slots=True)
class Range:
    """low <= high, of something that is not negative."""

    low: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Range) -> Range:
        return Range(self.low * other.low, self.high * other.high)

    def times(self, low: float, high: float | None = None) -> Range:
        return Range(self.low * low, self.high * (low if high is None else high))

    def at_most(self, most: float) -> Range:
        return Range(min(self.low, most), min(self.high, most))

    def whole(self) -> Range:
        """Rounded up: half a call is a call. Noise of a product does not add one."""
        return Range(math.ceil(round(self.low, 6)), math.ceil(round(self.high, 6)))


ZERO = Range(0.0, 0.0)


def exactly(value: float) -> Range:
    return Range(value, value)


@dataclass(frozen=True, slots=True)
class Line:
    """What one provider does for one purpose. kept: replies, or vectors, of these models that are stored already.

    The low end of a range takes it that all of those serve this sweep; the high end that none does.
    """

    provider: str
    purpose: Purpose
    models: tuple[str, ...]
    calls: Range
    tokens: Range
    usd: Range
    kept: int | None = None


def merge_lines(lines: Iterable[Line]) -> list[Line]:
    """One line per provider and purpose, in the order of the pipeline; this machine comes last."""
    groups: dict[tuple[str, Purpose], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.provider, line.purpose), []).append(line)
    merged = [_sum(group) for group in groups.values()]
    purposes: tuple[Purpose, ...] = ("embed", "generate", "judge")
    return sorted(merged, key=lambda line: (line.provider == "local", line.provider, purposes.index(line.purpose)))


def _sum(group: Sequence[Line]) -> Line:
    kept = [line.kept for line in group if line.kept is not None]
    return Line(
        provider=group[0].provider,
        purpose=group[0].purpose,
        models=tuple(dict.fromkeys(model for line in group for model in line.models)),
        calls=total(line.calls for line in group).whole(),
        tokens=total(line.tokens for line in group).whole(),
        usd=total(line.usd for line in group),
        kept=sum(kept) if kept else None,
    )


def total(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return Range(sum(each.low for each in found), sum(each.high for each in found))
