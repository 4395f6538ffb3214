"""ReportData -> figures of what the swept parameters do: effect per value, and an estimate of importance."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import plotly.graph_objects as go
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator

from rag_sweeps.decision import Row
from rag_sweeps.report.data import ReportData, finite, kind, settings
from rag_sweeps.report.drawing import ACCENT, COLOURS, SYMBOLS, figure, hovers, is_numeric, plain, shorten

FEWEST_TRIALS = 4
SEED = 0
POINT_ALPHA = 0.85


@dataclass(frozen=True, slots=True)
class Importance:
    """shares: parameter -> part of the metric's variance, largest first; empty where `problem` says why."""

    shares: Mapping[str, float]
    n_trials: int
    problem: str | None = None


def effect(data: ReportData, name: str) -> go.Figure:
    """The metric at each value of one parameter, over the configurations on which it has an effect.

    Numbers are a scatter, anything else one strip and box per value.
    """
    rows = [row for row in data.decision.rows if name in settings(row.measured)]
    values = [settings(row.measured)[name] for row in rows]
    numeric = is_numeric(values)
    x = values if numeric else [plain(shorten(str(value), 24)) for value in values]
    y = [finite(row.value.mean) for row in rows]
    box = go.Box(
        x=x,
        y=y,
        boxpoints=False,
        line={"color": "#858d97", "width": 1},
        fillcolor="rgba(133,141,151,0.15)",
        hoverinfo="skip",
        width=0.5,
    )
    points = go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "color": [COLOURS[kind(row, data.decision)] for row in rows],
            "symbol": [SYMBOLS[kind(row, data.decision)] for row in rows],
            "size": 9,
            "opacity": POINT_ALPHA,
        },
        text=hovers(rows, data),
        hovertemplate="%{text}<extra></extra>",
    )
    axis: dict[str, object] = {} if numeric else {"type": "category", "categoryorder": "category ascending"}
    if numeric and len(set(values)) <= 6:
        axis = {"tickmode": "array", "tickvals": sorted(set(values))}
    return figure(
        [points] if numeric else [box, points],
        height=280,
        y=data.decision.metric,
        xaxis=axis,
    )


def importance(data: ReportData) -> Importance:
    """fANOVA (Hutter, Hoos and Leyton-Brown 2014) over the searched trials, by Optuna, with a fixed seed."""
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
    shares = _fanova(rows, used)
    return Importance(dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))), len(rows))


def importance_figure(found: Importance) -> go.Figure:
    """Bars, the largest on top."""
    names = [plain(name) for name in found.shares][::-1]
    shares = list(found.shares.values())[::-1]
    return figure(
        [
            go.Bar(
                x=shares,
                y=names,
                orientation="h",
                marker={"color": ACCENT},
                text=[f"{share:.0%}" for share in shares],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}: %{text}<extra></extra>",
            )
        ],
        height=60 + 34 * len(names),
        x="share of variance",
        xaxis={"range": [0, 1.08], "tickformat": ".0%"},
        yaxis={"ticks": ""},
        bargap=0.35,
    )


def _fanova(rows: list[Row], space: Mapping[str, BaseDistribution]) -> dict[str, float]:
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
        evaluator = FanovaImportanceEvaluator(seed=SEED)
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
