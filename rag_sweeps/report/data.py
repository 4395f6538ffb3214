"""What a report is made of, and the names, order and kinds of configurations that every part of it shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rag_sweeps.decision import Decision, Measured, Row
from rag_sweeps.golden import GoldenSet
from rag_sweeps.parameters import effective

Kind = Literal["recommended", "best", "baseline", "tied", "other", "apart"]


class Failure(NamedTuple):
    """A trial that gave no result; reason is the message a person reads."""

    number: int
    params: Mapping[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """One sweep as measured.

    measured: every configuration with a result, baselines included; where the sweep's metric is the objective, the
    results carry it. swept: names of the swept parameters. mode: how it was run, as the first printed line says.
    created: ISO date. statements: the recommendation in one sentence, then what is known about it and what is not.
    """

    title: str
    sweep_id: str
    decision: Decision
    measured: tuple[Measured, ...]
    swept: tuple[str, ...]
    golden: GoldenSet
    failures: tuple[Failure, ...]
    mode: str
    created: str
    statements: tuple[str, ...]


def label(measured: Measured) -> str:
    """A short name, unique in a sweep: `#7`, or `#0 bm25` for a baseline."""
    return f"#{measured.number}" if measured.baseline is None else f"#{measured.number} {measured.baseline}"


def kind(row: Row, decision: Decision) -> Kind:
    """What a configuration is drawn as; the first that fits."""
    number = row.measured.number
    if number == decision.recommended.measured.number:
        return "recommended"
    if number == decision.best.measured.number:
        return "best"
    if row.measured.baseline is not None:
        return "baseline"
    if not row.comparable:
        return "apart"
    return "tied" if row.tied else "other"


def key_rows(decision: Decision) -> tuple[Row, ...]:
    """Recommended, best and baselines, each once, in that order."""
    rows = [decision.recommended, decision.best, *(row for row in decision.rows if row.measured.baseline is not None)]
    return tuple({row.measured.number: row for row in rows}.values())


def shown_parameters(data: ReportData) -> tuple[str, ...]:
    """The swept parameters, then any other that differs between configurations (a baseline may override one)."""
    values: dict[str, set[str]] = {}
    for entry in data.measured:
        for name, value in settings(entry).items():
            values.setdefault(name, set()).add(repr(value))
    others = sorted(name for name, seen in values.items() if len(seen) > 1 and name not in data.swept)
    return (*data.swept, *others)


def settings(measured: Measured) -> dict[str, Any]:
    """The parameters that have an effect on this configuration; the others are missing."""
    return effective(measured.dev.params)


def finite(value: float) -> float | None:
    """JSON knows no NaN and no infinity: they become null."""
    return float(value) if math.isfinite(value) else None
