"""Decision by tag + golden set -> the metric of each kind of question, and where another configuration is better."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag_sweeps.decision import Row, TagResult
from rag_sweeps.objective import per_question
from rag_sweeps.records import Bools
from rag_sweeps.report.cells import EMPTY, NOTHING, Cell, mean_cell, number
from rag_sweeps.report.data import ReportData, key_rows, label
from rag_sweeps.statistics import Comparison

FEW_QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class TagLine:
    """n: questions of this tag on which the metric is defined, as the recommended configuration has it.

    few: too few questions for a mean to be trusted. findings: what the tests say of the recommended configuration on
    these questions; bad: one of them is a loss.
    """

    tag: str
    n: int
    few: bool
    cells: tuple[Cell, ...]
    findings: str = NOTHING
    bad: bool = False


def by_tag(data: ReportData) -> tuple[TagLine, ...]:
    """All questions first, then the tags by name; cells in the order of `key_rows`."""
    tags = {question.id: question.tags for question in data.golden.split("dev")}
    names = sorted({tag for each in tags.values() for tag in each})
    rows, tested = key_rows(data.decision), {each.tag: each for each in data.decision.by_tag}
    everything = _line(data, rows, "all questions", dict.fromkeys(tags, True), few=False)
    by_name = (
        _line(data, rows, name, {question: name in each for question, each in tags.items()}, tested.get(name), few=True)
        for name in names
    )
    return (everything, *by_name)


def _line(
    data: ReportData,
    rows: tuple[Row, ...],
    tag: str,
    chosen: dict[str, bool],
    tested: TagResult | None = None,
    *,
    few: bool,
) -> TagLine:
    cells, n_defined = [], []
    for row in rows:
        result = row.measured.dev
        has: Bools = np.array([chosen.get(question, False) for question in result.question_ids], dtype=bool)
        values = per_question(result, data.decision.metric)[has]
        values = values[~np.isnan(values)]
        n_defined.append(len(values))
        cells.append(mean_cell(float(values.mean())) if len(values) else EMPTY)
    few = few and 0 < n_defined[0] < FEW_QUESTIONS
    findings = _findings(tested) if tested else []
    bad = any(said.startswith("worse") for said in findings)
    return TagLine(tag, n_defined[0], few, tuple(cells), "; ".join(findings) or NOTHING, bad)


def _findings(tested: TagResult) -> list[str]:
    """Only what is proven; losses first."""
    tests = dict(tested.versus)
    if tested.rival is not None and tested.versus_rival is not None:
        tests[label(tested.rival)] = tested.versus_rival
    proven = [(name, test) for name, test in tests.items() if test.finding in ("better", "worse")]
    proven.sort(key=lambda pair: pair[1].difference.mean)
    return [f"{test.finding} than {name} ({_signed(test)})" for name, test in proven]


def _signed(test: Comparison) -> str:
    mean = test.difference.mean
    return f"{'+' if mean > 0 else ''}{number(mean)}"
