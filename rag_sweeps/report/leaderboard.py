"""Decision -> the lines of the leaderboard."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rag_sweeps.decision import Row
from rag_sweeps.records import Interval
from rag_sweeps.report.cells import Cell, Column, bracket, measurements, number, setting_cell
from rag_sweeps.report.data import Kind, ReportData, kind, label, settings, shown_parameters

MARGIN_PERCENT = 4.0


@dataclass(frozen=True, slots=True)
class Whisker:
    """Interval and mean in percent of the width that all lines share."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One configuration; `cells` follow rank, configuration and metric. rank: None where n is another."""

    number: int
    rank: int | None
    label: str
    kind: Kind
    marks: tuple[str, ...]
    value: Cell
    whisker: Whisker | None
    cells: tuple[Cell, ...]


def columns(data: ReportData) -> tuple[Column, ...]:
    """Everything after rank, configuration and metric."""
    parameters = (Column(name, "parameter", numeric=False) for name in shown_parameters(data))
    return (*parameters, *(column for column, _ in measurements(data)))


def lines(data: ReportData) -> tuple[Line, ...]:
    """Best first; configurations with another n come last and have no rank."""
    decision, fill = data.decision, [fill for _, fill in measurements(data)]
    names = shown_parameters(data)
    bounds = [bound for row in decision.rows for bound in (row.value.low, row.value.high) if math.isfinite(bound)]
    scale = (min(bounds, default=0.0), max(bounds, default=1.0))
    return tuple(
        Line(
            number=row.measured.number,
            rank=at if row.comparable else None,
            label=label(row.measured),
            kind=kind(row, decision),
            marks=marks(row, data),
            value=Cell(
                number(row.value.mean),
                row.value.mean if math.isfinite(row.value.mean) else None,
                bracket(row.value.low, row.value.high),
            ),
            whisker=_whisker(row.value, scale),
            cells=(*(setting_cell(settings(row.measured), name) for name in names), *(cell(row) for cell in fill)),
        )
        for at, row in enumerate(decision.rows, start=1)
    )


def marks(row: Row, data: ReportData) -> tuple[str, ...]:
    """Words beside the name of a configuration."""
    number, decision = row.measured.number, data.decision
    is_best = number == decision.best.measured.number
    said = {
        "recommended": number == decision.recommended.measured.number,
        "best": is_best,
        "tied": row.tied and not is_best,
        "baseline": row.measured.baseline is not None,
        "front": row in decision.front,
        "other n": not row.comparable,
    }
    return tuple(word for word, holds in said.items() if holds)


def _whisker(value: Interval, scale: tuple[float, float]) -> Whisker | None:
    if not all(map(math.isfinite, (value.low, value.mean, value.high))):
        return None
    low, width = scale[0], (scale[1] - scale[0]) or 1.0
    span = 100.0 - 2 * MARGIN_PERCENT
    return Whisker(
        *(round(MARGIN_PERCENT + span * (at - low) / width, 2) for at in (value.low, value.mean, value.high))
    )
