"""A number with its interval, in forms that keep a width also where no error was seen."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from rag_sweeps.records import Floats
from rag_sweeps.statistics import CONFIDENCE

Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """value with 95 % bounds, from n observations; NaN where it is not defined."""

    value: float
    low: float
    high: float
    n: int


UNDEFINED = Estimate(float("nan"), float("nan"), float("nan"), 0)


def estimate_share(count: int, n: int) -> Estimate:
    """count / n with Wilson's score interval (1927): 0 of 48 reaches up to 7.4 %."""
    if n == 0:
        return UNDEFINED
    share, z2 = count / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At 0 and n the bound is exactly 0 and 1; rounding must not put it on the wrong side of the share.
    return Estimate(share, min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half))), n)


def estimate_mean(values: Floats, *, step: float) -> Estimate:
    """Mean of the defined values, normal interval, its variance counted with one more value a `step` off the mean.

    So n equal values still leave z * step / n on both sides: none of n seen is not none.
    """
    values = values[~np.isnan(values)]
    n = len(values)
    if n == 0:
        return UNDEFINED
    mean = float(values.mean())
    half = Z * float(np.sqrt(variance_of_mean(values, step=step)))
    return Estimate(mean, mean - half, mean + half, n)


def variance_of_mean(values: Floats, *, step: float) -> float:
    """(sum of squared deviations + step^2) / n / n, without NaN in `values`."""
    n = len(values)
    return float((((values - values.mean()) ** 2).sum() + step * step) / n / n)
