"""Grades of people x grades of a judge -> kappa, base rate and bias, each with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag_sweeps.judge_check.estimates import UNDEFINED, Estimate, estimate_mean, estimate_share
from rag_sweeps.records import Floats, Ints
from rag_sweeps.statistics import CONFIDENCE, RESAMPLES


@dataclass(frozen=True, slots=True)
class Agreement:
    """One verdict on the answers that people and the judge both graded.

    kappa: quadratic weights. identical: share of equal grades. base_rate: share of the commonest grade people gave:
    what a judge reaches that always says the same. human_shares: grade score -> share. human_mean, judge_mean and bias
    (mean of judge minus person) are of the answers that both graded. kappa and identical are undefined for a judge
    that gives no grades. n_unscored: labelled answers without a usable grade of the judge.
    """

    kappa: Estimate
    identical: Estimate
    base_rate: float
    human_shares: dict[float, float]
    human_mean: float
    judge_mean: float
    bias: Estimate
    n_unscored: int


def compare_grades(human: Floats, judge: Floats, levels: Floats | None, *, step: float, seed: int) -> Agreement:
    """human, judge: (n,) scores, NaN where not graded. levels: the scores that grades stand for, ascending, or None.

    A panel's mean is counted as the nearest level. Raises ValueError where people graded nothing.
    """
    labelled = ~np.isnan(human)
    if not labelled.any():
        raise ValueError("no answer is labelled")
    both = labelled & ~np.isnan(judge)
    table = confusion(human[both], judge[both], levels) if levels is not None and both.any() else None
    values, counts = np.unique(human[labelled].round(6), return_counts=True)
    shares = {float(value): float(count) / int(labelled.sum()) for value, count in zip(values, counts, strict=True)}
    return Agreement(
        kappa=UNDEFINED if table is None else estimate_kappa(table, seed=seed),
        identical=UNDEFINED if table is None else estimate_share(int(np.trace(table)), int(table.sum())),
        base_rate=max(shares.values()),
        human_shares=shares,
        human_mean=float(human[both].mean()) if both.any() else float("nan"),
        judge_mean=float(judge[both].mean()) if both.any() else float("nan"),
        bias=estimate_mean(judge[both] - human[both], step=step),
        n_unscored=int((labelled & ~both).sum()),
    )


def confusion(human: Floats, judge: Floats, levels: Floats) -> Ints:
    """(G, G) counts, people in rows, the judge in columns; each score counts as the nearest level."""
    rows, columns = (np.abs(scores[:, None] - levels[None, :]).argmin(axis=1) for scores in (human, judge))
    table = np.zeros((len(levels), len(levels)), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    return table


def weighted_kappa(table: Ints | Floats) -> float:
    """Cohen's kappa with quadratic weights (1968) of a (G, G) table; NaN where chance alone could not disagree."""
    share = table / table.sum()
    distance = np.subtract.outer(np.arange(len(table)), np.arange(len(table))) ** 2
    expected = float((distance * np.outer(share.sum(axis=1), share.sum(axis=0))).sum())
    return float("nan") if expected == 0 else 1 - float((distance * share).sum()) / expected


def estimate_kappa(table: Ints, *, seed: int) -> Estimate:
    """Kappa of the table as counted, with the interval of a Bayesian bootstrap (Rubin 1981) over its cells.

    Half an answer of agreement and half of disagreement are added first (Jeffreys' prior of a share), spread evenly
    over the diagonal and over the rest. A table without any disagreement so gets a lower bound below 1.
    """
    n_grades, n = len(table), int(table.sum())
    diagonal = np.eye(n_grades, dtype=bool)
    prior = np.where(diagonal, 0.5 / n_grades, 0.5 / (n_grades * (n_grades - 1)))
    draws = np.random.default_rng(seed).dirichlet((table + prior).ravel(), RESAMPLES)
    kappas = np.array([weighted_kappa(draw.reshape(n_grades, n_grades)) for draw in draws])
    value, tail = weighted_kappa(table), (1 - CONFIDENCE) / 2
    if np.isnan(value):
        return Estimate(value, float("nan"), float("nan"), n)
    low, high = np.nanquantile(kappas, [tail, 1 - tail])
    return Estimate(value, min(float(low), value), max(float(high), value), n)
