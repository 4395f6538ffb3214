"""ReportData -> which parameters explain the differences between trials, and how far that estimate can be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
import plotly.graph_objects as go
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator

from rag_sweeps.decision import Row
from rag_sweeps.report.data import ReportData
from rag_sweeps.report.drawing import ACCENT, figure, is_numeric, plain

FEWEST_TRIALS = 4
SEED = 0
RESAMPLES = 20
TREES, TREES_OF_RESAMPLES = 64, 16
TAIL = 0.1


@dataclass(frozen=True, slots=True)
class Importance:
    """shares: parameter -> part of the metric's variance, largest first; empty where `problem` says why.

    ranges: parameter -> the middle 80 % of its shares when the trials are drawn again with repeats. n_first: in how
    many of n_resamples draws the first parameter is first again.
    """

    shares: Mapping[str, float]
    n_trials: int
    problem: str | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    n_first: int = 0
    n_resamples: int = 0


def importance(data: ReportData) -> Importance:
    """fANOVA (Hutter, Hoos and Leyton-Brown 2014) over the searched trials, by Optuna, with a fixed seed; its
    uncertainty by drawing the trials again."""
    rows = [row for row in data.decision.rows if row.comparable and row.measured.baseline is None]
    rows.sort(key=lambda row: row.measured.number)
    space = {name: _distribution(rows, name) for name in data.swept}
    used = {name: distribution for name, distribution in space.items() if distribution is not None}
    if len(rows) < FEWEST_TRIALS:
        return Importance({}, len(rows), f"{len(rows)} searched trials are too few; it takes {FEWEST_TRIALS}")
    if not used:
        return Importance({}, len(rows), "no swept parameter took two values")
    if len({row.value.mean for row in rows}) == 1:
        return Importance({}, len(rows), "all trials have the same value, so no parameter explains a difference")
    found = _fanova(rows, used, n_trees=TREES)
    shares = dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
    again = _resampled(rows, used)
    first = next(iter(shares))
    ranges = {
        name: (float(low), float(high))
        for name in shares
        for low, high in [np.quantile([each[name] for each in again], [TAIL, 1 - TAIL])]
    }
    n_first = sum(max(each, key=each.__getitem__) == first for each in again)
    return Importance(shares, len(rows), None, ranges, n_first, len(again))


def importance_figure(found: Importance) -> go.Figure:
    """Bars, the largest on top."""
    names = [plain(name) for name in found.shares][::-1]
    shares = list(found.shares.values())[::-1]
    ranges = [found.ranges[name] for name in found.shares][::-1]
    return figure(
        [
            go.Bar(
                x=shares,
                y=names,
                orientation="h",
                marker={"color": ACCENT},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    # A share may lie outside the middle of its own resamples, where trials are few.
                    "array": [max(0.0, high - share) for share, (_, high) in zip(shares, ranges, strict=True)],
                    "arrayminus": [max(0.0, share - low) for share, (low, _) in zip(shares, ranges, strict=True)],
                    "thickness": 1.5,
                    "width": 4,
                    "color": "#858d97",
                },
                hovertext=[
                    f"{share:.0%}, 80 % of resamples {low:.0%} to {high:.0%}"
                    for share, (low, high) in zip(shares, ranges, strict=True)
                ],
                hovertemplate="%{y}: %{hovertext}<extra></extra>",
            )
        ],
        height=60 + 34 * len(names),
        x="share of variance",
        xaxis={"range": [0, 1.08], "tickformat": ".0%"},
        yaxis={"ticks": ""},
        bargap=0.35,
    )


def _resampled(rows: Sequence[Row], space: Mapping[str, BaseDistribution]) -> list[dict[str, float]]:
    """The shares of trials drawn with repeats; draws whose trials all score the same say nothing and are drawn anew."""
    rng = np.random.default_rng(SEED)
    found: list[dict[str, float]] = []
    while len(found) < RESAMPLES:
        drawn = [rows[at] for at in rng.integers(0, len(rows), len(rows)).tolist()]
        if len({row.value.mean for row in drawn}) > 1:
            found.append(_fanova(drawn, space, n_trees=TREES_OF_RESAMPLES))
    return found


def _fanova(rows: Sequence[Row], space: Mapping[str, BaseDistribution], *, n_trees: int) -> dict[str, float]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize")
    with warnings.catch_warnings():
        # Optuna warns about choices that are no plain scalars; they are only compared here.
        warnings.simplefilter("ignore")
        for row in rows:
            study.add_trial(
                optuna.create_trial(
                    params={name: row.measured.dev.params[name] for name in space},
                    distributions=dict(space),
                    value=row.value.mean,
                )
            )
        evaluator = FanovaImportanceEvaluator(n_trees=n_trees, seed=SEED)
        return optuna.importance.get_param_importances(study, evaluator=evaluator, params=sorted(space))


def _distribution(rows: list[Row], name: str) -> BaseDistribution | None:
    """The smallest range that holds what was tried; None where a parameter is missing or never moved."""
    if any(name not in row.measured.dev.params for row in rows):
        return None
    values: list[Any] = [row.measured.dev.params[name] for row in rows]
    distinct = list(dict.fromkeys(values))
    if len(distinct) < 2:
        return None
    if not is_numeric(values):
        return CategoricalDistribution(sorted(distinct, key=str))
    if all(isinstance(value, int) for value in values):
        return IntDistribution(min(values), max(values))
    return FloatDistribution(float(min(values)), float(max(values)))
