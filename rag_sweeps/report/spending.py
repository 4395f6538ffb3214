"""ReportData -> what each provider costs, by purpose: over the whole sweep, and of the recommended configuration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag_sweeps.records import TrialResult
from rag_sweeps.report.cells import EMPTY, Cell
from rag_sweeps.report.data import ReportData

PURPOSES = ("embed", "generate", "judge")


@dataclass(frozen=True, slots=True)
class SpendingLine:
    """cells: dollars by purpose, together, and of the recommended configuration on dev."""

    provider: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Spending:
    """purposes: those that anything was paid for; lines: empty where all is free."""

    purposes: tuple[str, ...]
    lines: tuple[SpendingLine, ...]


def spending(data: ReportData) -> Spending:
    """One line per provider that costs anything, the dearest first, then all together.

    Full price of every call behind the results, cached or not: what it would cost to measure all this again.
    """
    results = [each for entry in data.measured for each in (entry.dev, entry.test) if each is not None]
    table, ours = _by_provider(results), _by_provider([data.decision.recommended.measured.dev])
    lines = [
        (sum(purposes.values()), provider, purposes) for provider, purposes in table.items() if sum(purposes.values())
    ]
    lines.sort(key=lambda line: (-line[0], line[1]))
    total = {purpose: sum(purposes.get(purpose, 0.0) for _, _, purposes in lines) for purpose in PURPOSES}
    paid = tuple(purpose for purpose in PURPOSES if total[purpose])
    found = [_line(provider, purposes, paid, sum(ours.get(provider, {}).values())) for _, provider, purposes in lines]
    if len(found) > 1:
        found.append(_line("together", total, paid, sum(sum(purposes.values()) for purposes in ours.values())))
    return Spending(paid, tuple(found))


def _by_provider(results: Iterable[TrialResult]) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for result in results:
        for provider, purposes in result.costs.usd.items():
            for purpose, usd in purposes.items():
                table[provider][purpose] += usd
    return table


def _line(provider: str, purposes: Mapping[str, float], paid: Sequence[str], recommended: float) -> SpendingLine:
    cells = [_dollars(purposes.get(purpose, 0.0)) for purpose in paid]
    return SpendingLine(provider, (*cells, _dollars(sum(purposes.values())), _dollars(recommended)))


def _dollars(usd: float) -> Cell:
    if not usd:
        return EMPTY
    return Cell(f"{usd:,.2f}" if usd >= 1 else f"{usd:.4f}" if usd >= 0.0001 else "<0.0001", usd)
