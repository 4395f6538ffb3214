"""Row -> the cells of a table: formatted text and what a column sorts by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from rag_sweeps.decision import Row
from rag_sweeps.objective import metric_interval
from rag_sweeps.report.data import ReportData

NOTHING = "–"
METRICS = ("mrr@10", "hit_rate@5", "char_iou@5", "answer_score")


@dataclass(frozen=True, slots=True)
class Column:
    """name: the header; note: what it means, for a pointer or a screen reader."""

    name: str
    note: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """sort is None where there is nothing to compare: such rows stay last. small: a second, quieter line."""

    text: str
    sort: float | str | None
    small: str = ""


EMPTY = Cell(NOTHING, None)
Measurement = tuple[Column, Callable[[Row], Cell]]


def measurements(data: ReportData) -> list[Measurement]:
    """Columns after the parameters, each with what fills it; a column that would be empty is left out."""
    metric, rows = data.decision.metric, data.decision.rows
    found: list[Measurement] = [
        (Column("n", f"questions on which {metric} is defined"), lambda row: Cell(str(row.value.n), row.value.n)),
        (Column("Δ best", "paired difference to the best, with interval; above 0 is better"), difference_cell),
        (Column("p (Holm)", "sign-flip test against the best, corrected for the number of configurations"), p_cell),
    ]
    found.extend(
        (
            Column(f"Δ {name}", f"paired difference to {name}; p corrected over configurations and baselines"),
            partial(versus_cell, baseline=name),
        )
        for name in dict.fromkeys(name for row in rows for name in row.versus)
    )
    if any(row.measured.test for row in rows):
        note = f"{metric} on the held-out questions, where it was confirmed"
        found.append((Column("held out", note), partial(held_out_cell, metric=metric)))
    found.extend(
        (Column(name, "mean over the development questions"), partial(metric_cell, metric=name))
        for name in METRICS
        if name != metric and any(name in row.measured.dev.metrics for row in rows)
    )
    tokens = Column("context tokens", "tokens of the top_k passages, per question")
    found.append((tokens, partial(cost_cell, cost="context_tokens_per_question", digits=0)))
    if any(row.measured.dev.costs.usd_per_1k_questions for row in rows):
        dollars = Column("USD / 1k", "dollars per 1,000 questions")
        found.append((dollars, partial(cost_cell, cost="usd_per_1k_questions", digits=2)))
    seconds = Column("embed s", "seconds to embed corpus and questions, as first measured")
    search = Column("p95 ms", "95th percentile of one search")
    return [
        *found,
        (seconds, partial(cost_cell, cost="embed_seconds", digits=1)),
        (search, partial(cost_cell, cost="search_ms_p95", digits=2)),
    ]


def mean_cell(mean: float, digits: int = 3) -> Cell:
    return Cell(number(mean, digits), mean) if math.isfinite(mean) else EMPTY


def setting_cell(chosen: Mapping[str, Any], name: str) -> Cell:
    """A parameter; NOTHING where it has no effect on the configuration."""
    if name not in chosen:
        return EMPTY
    value = chosen[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = "null" if value is None else str(value)
        return Cell(text, text)
    return Cell(f"{value:.6g}", float(value))


def difference_cell(row: Row) -> Cell:
    versus = row.versus_best
    if not row.comparable or not math.isfinite(versus.mean):
        return EMPTY
    if versus.mean == versus.low == versus.high == 0:
        return Cell(NOTHING, 0.0)
    return Cell(number(versus.mean), versus.mean, bracket(versus.low, versus.high))


def versus_cell(row: Row, *, baseline: str) -> Cell:
    """The difference to a baseline; a star where it is proven."""
    test = row.versus.get(baseline)
    if test is None or not math.isfinite(test.difference.mean):
        return EMPTY
    star = "*" if test.finding in ("better", "worse") else ""
    return Cell(
        number(test.difference.mean) + star, test.difference.mean, bracket(test.difference.low, test.difference.high)
    )


def p_cell(row: Row) -> Cell:
    if not row.comparable or math.isnan(row.p_adjusted):
        return EMPTY
    if row.versus_best.mean == row.versus_best.low == row.versus_best.high == 0:
        return Cell(NOTHING, 1.0)
    return Cell("<0.001" if row.p_adjusted < 0.001 else f"{row.p_adjusted:.3f}", row.p_adjusted)


def held_out_cell(row: Row, *, metric: str) -> Cell:
    if row.measured.test is None:
        return EMPTY
    value = metric_interval(row.measured.test, metric)
    return Cell(number(value.mean), value.mean, bracket(value.low, value.high)) if value.n else EMPTY


def metric_cell(row: Row, *, metric: str) -> Cell:
    metrics = row.measured.dev.metrics
    return mean_cell(metrics[metric].mean) if metric in metrics else EMPTY


def cost_cell(row: Row, *, cost: str, digits: int) -> Cell:
    return mean_cell(getattr(row.measured.dev.costs, cost), digits)


def number(value: float, digits: int = 3) -> str:
    return f"{value:,.{digits}f}".replace("-", "−") if math.isfinite(value) else NOTHING


def bracket(low: float, high: float) -> str:
    return f"[{number(low)}, {number(high)}]" if math.isfinite(low) and math.isfinite(high) else ""
