"""Dollars <-> whole nano-dollars, in which sums are exact and no rounding passes a cap.

A billionth of a dollar is 1/20 of the cheapest token that is sold; 63 bits of them are nine billion dollars.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from rag_sweeps.errors import TrialError

PER_USD = 10**9
MOST = 2**62
"""Larger sums, and caps, are cut to this: four billion dollars."""

_NOISE = Decimal("0.001")
"""Of a nano-dollar: binary fractions (0.1 + 0.2) are off by far less, and no price needs as much."""


def nearest_nano(usd: float) -> int:
    """What a call did cost."""
    return int(_nano(usd).to_integral_value(ROUND_HALF_EVEN))


def nano_above(usd: float) -> int:
    """What a call may cost: rounded up."""
    return int(_nano(usd).to_integral_value(ROUND_CEILING))


def nano_below(usd: float) -> int:
    """What may be spent: rounded down."""
    return int(_nano(usd).to_integral_value(ROUND_FLOOR))


def to_usd(nano: int) -> float:
    return nano / PER_USD


def _nano(usd: float) -> Decimal:
    if not math.isfinite(usd) or usd < 0:
        raise TrialError(f"{usd} dollars is no price; mend the prices file")
    if usd >= MOST / PER_USD:
        return Decimal(MOST)
    return (Decimal(repr(float(usd))) * PER_USD).quantize(_NOISE, ROUND_HALF_EVEN)
