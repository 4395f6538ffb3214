"""What a decision is made of. Differences are positive where the first is better, whatever the goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rag_sweeps.records import Interval, TrialResult
from rag_sweeps.statistics import Comparison, PairedDifference

ALPHA = 0.05
Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One configuration of a sweep. baseline: its name (`bm25`, `default`), or None for a searched one.

    test: the same configuration on the held-out split, where it was confirmed. pruned: a race stopped it, so that it
    has scores for some questions only.
    """

    number: int
    dev: TrialResult
    baseline: str | None = None
    test: TrialResult | None = None
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the leaderboard. versus_best: how much better than the best (at most 0), paired; p_adjusted is Holm's
    over the sweep. versus: baseline name -> the same against it, corrected over all configurations and baselines.
    comparable: measured on the same questions as most are; others are never ranked among them."""

    measured: Measured
    value: Interval
    versus_best: PairedDifference
    p_adjusted: float
    tied: bool
    comparable: bool
    versus: Mapping[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What this many dev questions can show, at the level that Holm asks of the first of its tests.

    detectable: the smallest true difference to the best that is found four times in five (median over the
    configurations). lead: of the best over the next; lead_needs: the questions it would take to show a lead as large
    as that four times in five, None where there is none. NaN where one configuration is alone.
    """

    detectable: float
    lead: float
    lead_needs: int | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The recommended configuration on dev, where it was chosen, and on the held-out questions.

    change: held-out mean less dev mean, with the 95 % interval of two independent means; positive is better.
    """

    dev: Interval
    test: Interval
    change: Interval


@dataclass(frozen=True, slots=True)
class TagResult:
    """One kind of question. n: its dev questions with a score.

    versus: `best`, `default`, `bm25` -> the recommended configuration against it on these questions, corrected over
    all tags and all of these. rival: the configuration with the best mean here; versus_rival is corrected over all
    configurations and tags, for it was picked among them.
    """

    tag: str
    n: int
    mean: float
    versus: Mapping[str, Comparison]
    rival: Measured | None
    versus_rival: Comparison | None


@dataclass(frozen=True, slots=True)
class Decision:
    """rows: best first, those defined on other questions last and never ranked among the others.

    best: the best mean. recommended: the cheapest of those tied with the best, or the best itself where the metric
    charges for cost. gains: baseline name -> the recommended one against it on dev, corrected for the choice among
    all configurations; test_gains: on the held-out questions, corrected for the number of baselines alone.
    optimism: how much better the best of so many looks on the questions it was chosen by. is_tested: the metric has
    a value per question; one figure per trial is compared, never tested. front: of two objectives, cheapest in the
    second first; empty for one.
    """

    metric: str
    goal: Goal
    rows: tuple[Row, ...]
    best: Row
    recommended: Row
    gains: Mapping[str, Comparison]
    test_gains: Mapping[str, Comparison]
    resolution: Resolution
    optimism: float
    confirmation: Confirmation | None
    by_tag: tuple[TagResult, ...]
    is_tested: bool
    second: tuple[str, Goal] | None
    front: tuple[Row, ...]

    @property
    def tied(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.tied)

    @property
    def n_compared(self) -> int:
        return sum(row.comparable for row in self.rows)

    @property
    def detectable(self) -> float:
        return self.resolution.detectable

    @property
    def test_value(self) -> Interval | None:
        """The recommended configuration on the held-out questions, where it was confirmed."""
        return self.confirmation.test if self.confirmation else None
