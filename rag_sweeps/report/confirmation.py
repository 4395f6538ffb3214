"""ReportData -> dev beside held-out scores of every confirmed configuration: what was chosen shrinks."""

from __future__ import annotations

from dataclasses import dataclass

from rag_sweeps.decision import Row
from rag_sweeps.objective import metric_interval
from rag_sweeps.records import Interval
from rag_sweeps.report.cells import Cell, bracket, number
from rag_sweeps.report.data import Kind, ReportData, kind, label


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    label: str
    kind: Kind
    cells: tuple[Cell, ...]


def confirmed(data: ReportData) -> tuple[ConfirmedLine, ...]:
    """Best on dev first; cells: dev, held out, held out less dev."""
    rows = [row for row in data.decision.rows if row.measured.test is not None and row.comparable]
    return tuple(ConfirmedLine(label(row.measured), kind(row, data.decision), _cells(row, data)) for row in rows)


def _cells(row: Row, data: ReportData) -> tuple[Cell, ...]:
    assert row.measured.test is not None
    test = metric_interval(row.measured.test, data.decision.metric)
    change = test.mean - row.value.mean
    return _interval(row.value), _interval(test), Cell(f"{'+' if change > 0 else ''}{number(change)}", change)


def _interval(value: Interval) -> Cell:
    return Cell(number(value.mean), value.mean, bracket(value.low, value.high))
