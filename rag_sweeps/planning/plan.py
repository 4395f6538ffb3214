"""A sweep, its golden set and its prices -> a Plan: lines of calls, tokens and dollars, and what the cap allows.

Makes no request and needs no key. The same files and the same store give the same plan.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

from rag_sweeps.config import SweepConfig
from rag_sweeps.golden import GoldenSet
from rag_sweeps.planning.lines import CountKept, Work, answer_lines, embedding_lines, judge_lines
from rag_sweeps.planning.ranges import Line, Range, merge_lines, total
from rag_sweeps.planning.trials import plan_trials
from rag_sweeps.prices import Prices


def _unknown(model: str) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there already. n_finished: searched trials of this very sweep; spent_usd: what it was billed so far."""

    n_finished: int = 0
    finished_baselines: Collection[str] = ()
    spent_usd: float = 0.0
    count_replies: CountKept = _unknown
    count_vectors: CountKept = _unknown


@dataclass(frozen=True, slots=True)
class Plan:
    """n_searched, n_baselines: trials still to run. confirmed: measurements on the test split at the end.

    within_budget: how many of the trials the rest of the budget is enough for; None without a budget.
    """

    n_searched: int
    n_baselines: int
    n_finished: int
    confirmed: Range
    n_dev: int
    n_test: int
    lines: tuple[Line, ...]
    budget_usd: float | None
    spent_usd: float
    prices_version: str
    within_budget: Range | None = field(default=None)

    @property
    def usd(self) -> Range:
        return total(line.usd for line in self.lines)

    @property
    def n_left(self) -> int:
        return self.n_searched + self.n_baselines


def plan_sweep(
    sweep: SweepConfig, golden: GoldenSet, prices: Prices, *, count: int | None = None, kept: Kept | None = None
) -> Plan:
    """Raises InputError for a model without a price, and for a search without an end."""
    kept = kept or Kept()
    trials = plan_trials(
        sweep, golden, count=count, n_finished=kept.n_finished, finished_baselines=kept.finished_baselines
    )
    work = Work(trials, golden, prices, kept.count_replies, kept.count_vectors)
    lines = merge_lines([*embedding_lines(work), *answer_lines(work), *judge_lines(work)])
    return Plan(
        n_searched=trials.searched,
        n_baselines=len(trials.baselines),
        n_finished=kept.n_finished + len(kept.finished_baselines),
        confirmed=trials.n_confirmed,
        n_dev=trials.n_dev,
        n_test=trials.n_test,
        lines=tuple(lines),
        budget_usd=sweep.budget_usd,
        spent_usd=kept.spent_usd,
        prices_version=prices.version,
        within_budget=_within(sweep.budget_usd, kept.spent_usd, total(line.usd for line in lines), trials.n_left),
    )


def _within(budget_usd: float | None, spent_usd: float, usd: Range, n_trials: int) -> Range | None:
    """Trials that the rest of a budget pays for, were each as dear as the others."""
    if budget_usd is None:
        return None
    rest = max(budget_usd - spent_usd, 0.0)
    return Range(_affordable(rest, usd.high, n_trials), _affordable(rest, usd.low, n_trials))


def _affordable(rest: float, usd: float, n_trials: int) -> int:
    return n_trials if usd <= rest else math.floor(n_trials * rest / usd)
