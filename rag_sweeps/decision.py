"""Measured configurations -> which one to use and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rag_sweeps.errors import InputError
from rag_sweeps.objective import metric_interval, per_question
from rag_sweeps.parameters import effective
from rag_sweeps.records import Floats, Interval, TrialResult
from rag_sweeps.statistics import PairedDifference, holm, paired_difference, smallest_detectable_difference

ALPHA = 0.05
Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One configuration of a sweep. baseline: its name (`bm25`, `default`), or None for a searched one.

    test: the same configuration on the held-out split, where it was confirmed.
    """

    number: int
    dev: TrialResult
    baseline: str | None = None
    test: TrialResult | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the leaderboard. versus_best: how much better than the best (at most 0, in the direction of the goal),
    paired; p is Holm's over the sweep. comparable: measured on the same questions as most are."""

    measured: Measured
    value: Interval
    versus_best: PairedDifference
    p_adjusted: float
    tied: bool
    comparable: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """rows: best first, those defined on other questions last and never ranked among the others.

    best: the best mean. recommended: the cheapest of those tied with the best, or the best itself where the metric
    charges for cost. gains: baseline name -> how much better the recommended one is on dev; test_gains: held out.
    detectable: the smallest true difference that this many questions would show four times in five, after Holm.
    """

    metric: str
    goal: Goal
    rows: tuple[Row, ...]
    best: Row
    recommended: Row
    gains: Mapping[str, PairedDifference]
    test_gains: Mapping[str, PairedDifference]
    test_value: Interval | None
    detectable: float

    @property
    def tied(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.tied)


def decide(measured: Sequence[Measured], *, metric: str, goal: Goal, cost_counts: bool = False) -> Decision:
    """Rank by the metric's mean over dev questions, test every pair with the best, pick the cheapest of the tied.

    cost_counts: the metric already charges for cost. Then the leader is recommended: choosing a cheaper one among the
    tied would count its cost twice.

    Configurations whose metric is defined on other questions than that of most are set apart. Raises InputError
    where it is defined on none.
    """
    sign = 1.0 if goal == "maximize" else -1.0
    scores = {entry.number: sign * per_question(entry.dev, metric) for entry in measured}
    defined = {number: tuple(np.flatnonzero(~np.isnan(values)).tolist()) for number, values in scores.items()}
    usable = Counter(questions for questions in defined.values() if questions)
    if not usable:
        raise InputError(f"{metric} is not defined on any dev question of this golden set")
    usual = max(usable, key=lambda questions: (usable[questions], len(questions)))
    ranked = sorted(
        (entry for entry in measured if defined[entry.number] == usual),
        key=lambda entry: (-float(np.nanmean(scores[entry.number])), *cost_key(entry.dev), entry.number),
    )
    best = ranked[0]
    differences = [paired_difference(scores[entry.number], scores[best.number]) for entry in ranked]
    adjusted = np.concatenate([[1.0], holm(np.array([difference.p for difference in differences[1:]]))])
    rows = [
        Row(entry, metric_interval(entry.dev, metric), difference, float(p), bool(p > ALPHA), comparable=True)
        for entry, difference, p in zip(ranked, differences, adjusted, strict=True)
    ]
    nothing = PairedDifference(float("nan"), float("nan"), float("nan"), 1.0, 0)
    apart = [
        Row(entry, metric_interval(entry.dev, metric), nothing, 1.0, tied=False, comparable=False)
        for entry in measured
        if defined[entry.number] != usual
    ]
    recommended = rows[0]
    if not cost_counts:
        recommended = min((row for row in rows if row.tied), key=lambda row: cost_key(row.measured.dev))
    return Decision(
        metric=metric,
        goal=goal,
        rows=(*rows, *apart),
        best=rows[0],
        recommended=recommended,
        gains=_gains(recommended.measured, measured, metric, sign, "dev"),
        test_gains=_gains(recommended.measured, measured, metric, sign, "test"),
        test_value=metric_interval(recommended.measured.test, metric) if recommended.measured.test else None,
        detectable=_detectable([scores[entry.number] - scores[best.number] for entry in ranked[1:]]),
    )


def cost_key(result: TrialResult) -> tuple[float, float, float]:
    """What cheap means: dollars per 1,000 questions, then context tokens per question, then indexing seconds."""
    costs = result.costs
    indexing_seconds = costs.embed_seconds + costs.index_build_seconds
    return costs.usd_per_1k_questions, costs.context_tokens_per_question, indexing_seconds


def _gains(
    recommended: Measured, measured: Sequence[Measured], metric: str, sign: float, split: Literal["dev", "test"]
) -> dict[str, PairedDifference]:
    ours = getattr(recommended, split)
    theirs = {entry.baseline: getattr(entry, split) for entry in measured if entry.baseline is not None}
    return {
        name: paired_difference(sign * per_question(ours, metric), sign * per_question(result, metric))
        for name, result in theirs.items()
        if ours is not None and result is not None
    }


def _detectable(differences: Sequence[Floats]) -> float:
    """The median over the configurations, since each pair varies by itself; at the level that Holm asks first."""
    level = ALPHA / max(len(differences), 1)
    found = [smallest_detectable_difference(difference, level=level) for difference in differences]
    return float(np.nanmedian(found)) if found and not np.isnan(found).all() else float("nan")


def sentence(decision: Decision, swept: Sequence[str]) -> str:
    """The recommendation and its certainty in words."""
    row, n_compared = decision.recommended, sum(row.comparable for row in decision.rows)
    value = row.value
    parts = [
        f"Use {_words(row, swept)}: "
        f"{decision.metric} {value.mean:.3f} [{value.low:.3f}, {value.high:.3f}] on {value.n} dev questions"
    ]
    if n_compared == 1:
        parts.append("it is the only configuration that was measured")
    elif row is decision.best and len(decision.tied) == 1:
        parts.append(f"it is better than each of the other {n_compared - 1} configurations (Holm, 5 %)")
    elif row is decision.best:
        n_tied, ours = len(decision.tied) - 1, cost_key(row.measured.dev)
        costs = [cost_key(other.measured.dev) for other in decision.tied if other is not row]
        price = " and cost more" if min(costs) > ours else " and none is cheaper" if min(costs) == ours else ""
        parts.append(f"it leads, and {n_tied} of {n_compared - 1} others are tied with it{price}")
    else:
        lead = abs(row.versus_best.mean)
        parts.append(
            f"it is the cheapest of the {len(decision.tied)} configurations tied with the leader, "
            f"which ({_words(decision.best, swept)}) is {lead:.3f} ahead but not proven better "
            f"(Holm p = {row.p_adjusted:.2g})"
        )
    for name, gain in decision.gains.items():
        if gain.n and gain.mean < 0:
            parts.append(f"on dev {name} scores {-gain.mean:.3f} higher")
    parts.extend(_gain_words(decision))
    return "; ".join(parts) + "."


def _words(row: Row, swept: Sequence[str]) -> str:
    """The swept settings of a configuration in one line, without those that cannot matter."""
    used = effective(row.measured.dev.params)
    # The BM25 baseline sets the retriever also where the sweep does not.
    names = swept if "retriever" in swept or row.measured.baseline is None else [*swept, "retriever"]
    return ", ".join(f"{name} {used[name]}" for name in names if name in used) or "the settings as they are"


def _gain_words(decision: Decision) -> list[str]:
    held_out = bool(decision.test_gains)
    gains = decision.test_gains or decision.gains
    where = f"on the {decision.test_value.n} held-out questions" if held_out and decision.test_value else "on dev"
    words = []
    for name, gain in gains.items():
        if decision.recommended.measured.baseline == name or not gain.n:
            continue
        verdict = "better than" if gain.low > 0 else "worse than" if gain.high < 0 else "not proven different from"
        words.append(f"{where} it is {verdict} {name} ({gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}])")
    return words
