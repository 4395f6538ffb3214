"""Paired differences -> the p-value of Fisher's sign-flip test over every pattern of signs, without drawing any.

Under the null hypothesis each difference might as well have had the other sign. The sum over all 2^n patterns is
counted exactly on a grid (the algorithm of Pagano and Tritchler 1983), so p can be as small as a correction for
hundreds of configurations needs it, and is the same every time.
"""

from __future__ import annotations

import math

import numpy as np

from rag_sweeps.records import Floats

GRID = 1 << 14
MOST_COUNTED = 400
"""Above this many non-zero differences the normal tail is used. Sums of signs have lighter tails than it."""
MOST_EXACT = 16
"""Up to this many, a sum may be off by one step for each difference and still counts as equal; then by the root."""
CLEAR_Z = 8.0
"""Beyond this the normal tail, which is too large, is small enough for any correction."""
SMALLEST = 1e-300


def sign_flip_p(differences: Floats) -> float:
    """Two-sided p of the mean of (n,) differences; NaN is left out. Never 0, and 1 where nothing differs.

    Differences are rounded to a grid of their absolute sum / 16,384; a pattern whose sum equals the observed one up
    to that rounding counts as extreme.
    """
    sizes = np.abs(differences[~np.isnan(differences)])
    total = float(sizes.sum())
    if total == 0.0:
        return 1.0
    signed = differences[~np.isnan(differences) & (differences != 0)]
    sizes = np.abs(signed)
    spread = math.sqrt(float((sizes**2).sum()))
    z = (abs(float(signed.sum())) - float(sizes.min())) / spread
    if len(sizes) > MOST_COUNTED or (z > CLEAR_Z and len(sizes) > 2 * CLEAR_Z**2):
        return max(SMALLEST, min(1.0, math.erfc(max(z, 0.0) / math.sqrt(2))))
    return _counted(signed, total)


def _counted(signed: Floats, total: float) -> float:
    signed = np.sort(signed)
    # The remainder of each rounding goes to the next: many equal differences must not all be rounded the same way.
    ends = np.rint(np.cumsum(np.abs(signed)) / total * GRID).astype(np.int64)
    steps = np.diff(ends, prepend=0)
    observed = abs(int((np.sign(signed).astype(np.int64) * steps).sum()))
    n, whole = len(steps), int(steps.sum())
    slack = n if n <= MOST_EXACT else math.ceil(math.sqrt(n))
    # chance[b]: the differences with a positive sign sum to b; the signed sum is then 2 b - whole.
    chance = np.zeros(whole + 1)
    chance[0], reach = 1.0, 0
    for step in np.sort(steps).tolist():
        grown = chance[: reach + step + 1].copy()
        grown[step:] += chance[: reach + 1]
        chance[: reach + step + 1] = grown * 0.5
        reach += step
    first = max(0, math.ceil((whole + observed - slack) / 2))
    tail = float(chance[first:].sum())
    return max(SMALLEST, min(1.0, 2 * tail))
