"""Scores before and after a change that should not matter -> whether it did, beside what repeating alone changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag_sweeps.judge_check.estimates import Estimate, estimate_mean, estimate_share
from rag_sweeps.records import Floats
from rag_sweeps.statistics import paired_difference

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """changed: share of scores that the change moved; changed_by_repeating: that a second draw moved.

    shift: mean of after minus before. p: of a sign-flip test that the shift is none. cautious_sd: what the change adds
    to one score besides the shift, counted with one more score that moved by a step; NaN where nothing was scored.
    """

    changed: Estimate
    changed_by_repeating: Estimate
    shift: Estimate
    p: float
    cautious_sd: float

    @property
    def matters(self) -> bool:
        """Whether the change moves scores in one direction."""
        return self.p < ALPHA


def measure_sensitivity(before: Floats, after: Floats, again: Floats | None, *, step: float, seed: int) -> Sensitivity:
    """(n,) scores of the same answers: as they are, changed, and as they are once more (None: not drawn)."""
    return Sensitivity(
        changed=_share_moved(before, after),
        changed_by_repeating=_share_moved(before, np.full_like(before, np.nan) if again is None else again),
        shift=estimate_mean(after - before, step=step),
        p=paired_difference(after, before, seed=seed).p,
        cautious_sd=_sd_of_change(after - before, step=step),
    )


def _share_moved(first: Floats, second: Floats) -> Estimate:
    moved = np.abs(second - first)
    moved = moved[~np.isnan(moved)]
    return estimate_share(int((moved > 1e-9).sum()), len(moved))


def _sd_of_change(change: Floats, *, step: float) -> float:
    """A difference of two scores has the noise of both: sqrt(2) times that of one."""
    change = change[~np.isnan(change)]
    if not len(change):
        return float("nan")
    return float(np.sqrt((((change - change.mean()) ** 2).sum() + step * step) / (len(change) + 1) / 2))
