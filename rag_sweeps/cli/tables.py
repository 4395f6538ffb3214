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
WIDE_TERMINAL = 120
SHORT_NAMES = {
    "chunk_size": "size",
    "chunk_overlap": "overlap",
}


def leaderboard(decision: Decision, swept: Sequence[str], *, width: int) -> Table:
    """The best configurations and all baselines, with intervals and the paired difference to the best."""
    from rich.table import Table

    roomy = width >= WIDE_TERMINAL
    table = Table(title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.title = f"{decision.metric}, {decision.goal}d, on {decision.best.value.n} dev questions"
    table.add_column("")
    table.add_column("configuration", overflow="fold")
    for name in (decision.metric, "vs best", "p", *(("hit@5", "MRR@10") if roomy else ()), "tokens"):
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate(decision.rows, start=1):
        if rank <= SHOWN_ROWS or row.measured.baseline or row is decision.recommended:
            table.add_row(*_cells(rank, row, decision, swept, roomy), style=_style(row, decision))
    hidden = len(decision.rows) - table.row_count
    tied = f"{len(decision.tied)} configurations are tied with the best (p > .05 after Holm)"
    table.caption = f"{f'{hidden} more in the report; ' if hidden else ''}{tied}; tokens: context per question"
    table.caption_justify = "left"
    return table


def settings(params: Mapping[str, Any], swept: Sequence[str]) -> str:
    """The swept values of a trial in a few words; a word needs no name, a number does."""
    used = effective(params)
    shown = {name: params[name] for name in swept if name in used}
    return " ".join(
        value if isinstance(value, str) and value else f"{SHORT_NAMES.get(name, name)}={_short(value)}"
        for name, value in shown.items()
    )


def interval(value: Interval) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]" if value.n else "not defined"


def _cells(rank: int, row: Row, decision: Decision, swept: Sequence[str], roomy: bool) -> list[str]:
    result = row.measured.dev
    more = [f"{result.metrics[name].mean:.3f}" for name in ("hit_rate@5", "mrr@10")] if roomy else []
    return [
        _mark(rank, row, decision),
        settings(result.params, swept),
        interval(row.value),
        f"{row.versus_best.mean:+.3f}" if row.comparable else f"n={row.value.n}",
        f"{row.p_adjusted:.3f}" if row.comparable else "",
        *more,
        f"{result.costs.context_tokens_per_question:.0f}",
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
