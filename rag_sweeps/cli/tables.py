"""Decisions and trials -> lines and tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag_sweeps.decision import Decision, Row, statements
from rag_sweeps.parameters import effective
from rag_sweeps.records import Interval
from rag_sweeps.statistics import PairedDifference

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SHOWN_ROWS = 12
MEDIUM_TERMINAL, WIDE_TERMINAL = 100, 160
"""Columns from which a leaderboard has room for the baselines, and for the intervals of differences."""
SHORT_NAMES = {
    "chunk_size": "size",
    "chunk_overlap": "overlap",
}


def leaderboard(decision: Decision, swept: Sequence[str], *, width: int) -> Table:
    """The best configurations and all baselines, with paired differences to the best and to each baseline.

    Positive is better. A narrow terminal leaves the baselines out, a wide one shows the intervals of all differences.
    """
    from rich.table import Table

    roomy = width >= WIDE_TERMINAL
    table = Table(title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.title = f"{decision.metric}, {decision.goal}d, on {decision.best.value.n} dev questions"
    table.add_column("")
    table.add_column("configuration", overflow="fold")
    baselines = baseline_names(decision) if width >= MEDIUM_TERMINAL else ()
    more = ("p", *(f"vs {name}" for name in baselines), "tokens") if width >= MEDIUM_TERMINAL else ()
    for name in (decision.metric, "vs best", *more):
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate(decision.rows, start=1):
        if rank <= SHOWN_ROWS or row.measured.baseline or row is decision.recommended:
            cells = _cells(rank, row, decision, swept, roomy, baselines)[: len(table.columns)]
            table.add_row(*cells, style=_style(row, decision))
    hidden = len(decision.rows) - table.row_count
    n_tied = len(decision.tied) - 1
    tied = f"{n_tied} {'other is' if n_tied == 1 else 'others are'} tied with the best (p > .05 after Holm)"
    stars = "; * proven different from that baseline" if baselines and decision.is_tested else ""
    tokens = "; tokens: context per question" if more else ""
    table.caption = f"{f'{hidden} more in the report; ' if hidden else ''}{tied}{stars}{tokens}"
    table.caption_justify = "left"
    return table


def print_statements(console: Console, decision: Decision, swept: Sequence[str]) -> None:
    """The headline, then the statements as a list."""
    headline, *others = statements(decision, swept)
    piped = not console.is_terminal
    console.print(headline, style="bold", markup=False, highlight=False, soft_wrap=piped)
    for said in others:
        console.print(f"  - {said}", markup=False, highlight=False, soft_wrap=piped)


def baseline_names(decision: Decision) -> tuple[str, ...]:
    """Of the baselines that are ranked, best first."""
    return tuple(row.measured.baseline for row in decision.rows if row.comparable and row.measured.baseline)


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


def _cells(
    rank: int, row: Row, decision: Decision, swept: Sequence[str], roomy: bool, baselines: Sequence[str]
) -> list[str]:
    result = row.measured.dev
    return [
        _mark(rank, row, decision),
        settings(result.params, swept),
        interval(row.value),
        _difference(row.versus_best, roomy) if row.comparable else f"n={row.value.n}",
        _p(row.p_adjusted),
        *(_versus(row, name, roomy) for name in baselines),
        f"{result.costs.context_tokens_per_question:.0f}",
    ]


def _versus(row: Row, baseline: str, roomy: bool) -> str:
    found = row.versus.get(baseline)
    if found is None:
        return ""
    return _difference(found.difference, roomy) + ("*" if found.finding in ("better", "worse") else " ")


def _difference(found: PairedDifference, roomy: bool) -> str:
    if not found.mean and not found.low and not found.high:
        return ""
    return f"{found.mean:+.3f}" + (f" [{found.low:+.3f}, {found.high:+.3f}]" if roomy else "")


def _p(value: float) -> str:
    if value != value:
        return ""
    return "<.001" if value < 0.001 else f"{value:.3f}"


def _mark(rank: int, row: Row, decision: Decision) -> str:
    marks = [str(rank) if row.comparable else "–"]
    if row is decision.recommended:
        marks.append("use")
    if row.measured.baseline:
        marks.append(row.measured.baseline)
    elif row.tied and row is not decision.recommended:
        marks.append("tied")
    if row in decision.front:
        marks.append("front")
    return " ".join(marks)


def _style(row: Row, decision: Decision) -> str:
    if row is decision.recommended:
        return "bold green"
    return "" if row.tied or row.measured.baseline else "dim"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
