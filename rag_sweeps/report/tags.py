"""Decision + question tags -> the metric by tag, for the recommended configuration, the best and the baselines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag_sweeps.decision import Row
from rag_sweeps.objective import per_question
from rag_sweeps.records import Bools
from rag_sweeps.report.cells import EMPTY, Cell, mean_cell
from rag_sweeps.report.data import ReportData, key_rows

FEW_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class TagLine:
    """n: questions of this tag on which the metric is defined, as the recommended configuration has it.

    few: too few questions for a mean to be trusted.
    """

    tag: str
    n: int
    few: bool
    cells: tuple[Cell, ...]


def by_tag(data: ReportData) -> tuple[TagLine, ...]:
    """All questions first, then the tags by name; cells in the order of `key_rows`."""
    tags = {question.id: question.tags for question in data.golden.split("dev")}
    names = sorted({tag for each in tags.values() for tag in each})
    rows = key_rows(data.decision)
    everything = _line(data, rows, "all questions", dict.fromkeys(tags, True), few=False)
    by_name = (
        _line(data, rows, name, {question: name in each for question, each in tags.items()}, few=True) for name in names
    )
    return (everything, *by_name)


def _line(data: ReportData, rows: tuple[Row, ...], tag: str, chosen: dict[str, bool], *, few: bool) -> TagLine:
    cells, n_defined = [], []
    for row in rows:
        result = row.measured.dev
        has: Bools = np.array([chosen.get(question, False) for question in result.question_ids], dtype=bool)
        values = per_question(result, data.decision.metric)[has]
        values = values[~np.isnan(values)]
        n_defined.append(len(values))
        cells.append(mean_cell(float(values.mean())) if len(values) else EMPTY)
    return TagLine(tag, n_defined[0], few and 0 < n_defined[0] < FEW_QUESTIONS, tuple(cells))
