"""Decisions and trials -> lines and tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag_sweeps.decision import Decision, Row
from rag_sweeps.parameters import effective
from rag_sweeps.records import Interval

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_ROWS = 12
SHORT_NAMES = {
    "chunk_size": "size",
    "chunk_overlap": "overlap",
    "embedding_model": "model",
    "context_tokens_per_question": "context tokens",
}


def leaderboard(decision: Decision, swept: Sequence[str]) -> Table:
    """The best configurations and all baselines, with intervals and the paired difference to the best."""
    from rich.table import Table

    table = Table(title=f"{decision.metric}, {decision.goal}d on dev", title_justify="left", header_style="bold")
    table.add_column("", justify="left")
    for name in swept:
        table.add_column(SHORT_NAMES.get(name, name), justify="left", overflow="fold")
    for name in (decision.metric, "vs best", "p (Holm)", "hit@5", "MRR@10", "tokens", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate(decision.rows, start=1):
        if rank <= SHOWN_ROWS or row.measured.baseline or row is decision.recommended:
            table.add_row(*_cells(rank, row, decision, swept), style=_style(row, decision))
    hidden = len(decision.rows) - table.row_count
    tied = f"{len(decision.tied)} configurations are tied with the best (p > .05 after Holm)"
    table.caption = f"{f'{hidden} more in the report; ' if hidden else ''}{tied}"
    table.caption_justify = "left"
    return table


def settings(params: Mapping[str, Any], swept: Sequence[str]) -> str:
    """The swept values of a trial in a few words."""
    used = effective(params)
    return " ".join(f"{SHORT_NAMES.get(name, name)}={params[name]}" for name in swept if name in used)


def interval(value: Interval) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]" if value.n else "not defined"


def _cells(rank: int, row: Row, decision: Decision, swept: Sequence[str]) -> list[str]:
    result = row.measured.dev
    used = effective(result.params)
    hit_rate, mrr = result.metrics["hit_rate@5"], result.metrics["mrr@10"]
    return [
        _mark(rank, row, decision),
        *(_short(result.params[name]) if name in used else "" for name in swept),
        interval(row.value),
        f"{row.versus_best.mean:+.3f}" if row.comparable else "other n",
        f"{row.p_adjusted:.3f}" if row.comparable else "",
        f"{hit_rate.mean:.3f}",
        f"{mrr.mean:.3f}",
        f"{result.costs.context_tokens_per_question:.0f}",
        str(row.value.n),
    ]


def _mark(rank: int, row: Row, decision: Decision) -> str:
    marks = [str(rank) if row.comparable else "–"]
    if row is decision.recommended:
        marks.append("use")
    if row.measured.baseline:
        marks.append(row.measured.baseline)
    elif row.tied and row is not decision.recommended:
        marks.append("tied")
    return " ".join(marks)


def _style(row: Row, decision: Decision) -> str:
    if row is decision.recommended:
        return "bold green"
    return "" if row.tied or row.measured.baseline else "dim"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
