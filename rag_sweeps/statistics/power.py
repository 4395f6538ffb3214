"""Paired differences -> what this many questions can show, and how many it would take to show a lead."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from rag_sweeps.records import Floats


def smallest_detectable_difference(differences: Floats, *, power: float = 0.8, level: float = 0.05) -> float:
    """The true mean difference that a two-sided paired test on these questions would find with this power.

    Normal approximation: (z_(1 - level / 2) + z_power) * sd / sqrt(n). NaN below two questions.
    """
    differences = differences[~np.isnan(differences)]
    if len(differences) < 2:
        return float("nan")
    return _reach(power, level) * float(differences.std(ddof=1)) / math.sqrt(len(differences))


def questions_needed(differences: Floats, *, power: float = 0.8, level: float = 0.05) -> int | None:
    """How many questions like these a test needs to show a true difference as large as the one observed.

    ((z_(1 - level / 2) + z_power) * sd / mean)^2, rounded up. None below two questions and where nothing differs.
    """
    differences = differences[~np.isnan(differences)]
    if len(differences) < 2 or not differences.mean():
        return None
    return max(2, math.ceil((_reach(power, level) * float(differences.std(ddof=1) / differences.mean())) ** 2))


def _reach(power: float, level: float) -> float:
    return NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(power)
