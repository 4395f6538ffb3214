"""Findings about a judge -> tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rag_sweeps.judge_check.sentences import show, show_share

if TYPE_CHECKING:
    from rich.table import Table

    from rag_sweeps.judge_check.injection import Injection
    from rag_sweeps.judge_check.measuring import Findings


def agreement_table(findings: Findings) -> Table:
    """One line per metric that people graded too."""
    table = _table("Beside people", "", "n", "kappa", "same grade", "base rate", "people", "judge", "judge - people")
    for name, found in findings.agreement.items():
        table.add_row(
            name,
            str(found.bias.n),
            show(found.kappa) if found.kappa.n else "",
            show_share(found.identical) if found.identical.n else "",
            f"{found.base_rate:.1%}" if found.kappa.n else "",
            f"{found.human_mean:.3f}",
            "" if math.isnan(found.judge_mean) else f"{found.judge_mean:.3f}",
            show(found.bias),
        )
    return table


def stability_table(findings: Findings) -> Table:
    """One line per metric: repeats, longer answers, passages in another order."""
    title = f"Beside itself ({findings.n_repeats} repeats)"
    table = _table(title, "", "same every time", "sd", "longer answers: shift", "other order: shift", "unscored")
    for name, found in findings.consistency.items():
        order = findings.order if name == "groundedness" else None
        table.add_row(
            name,
            show_share(found.identical),
            "" if math.isnan(found.sd) else f"{found.sd:.3f}",
            show(findings.length[name].shift),
            show(order.shift) if order else "",
            str(found.n_unscored),
        )
    return table


def attack_table(injection: Injection) -> Table:
    """One line per kind of attack."""
    table = _table("Attacks on wrong answers", "", "raised a grade", "tried")
    for kind, (worked, tried) in sorted(injection.by_kind.items()):
        table.add_row(kind, str(worked), str(tried), style="bold red" if worked else "")
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    return table
