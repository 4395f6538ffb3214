"""A sweep's parameters -> the values a trial may have, and which share of the trials has them."""

from __future__ import annotations

import math
from typing import Any

from rag_sweeps.config import SweepConfig
from rag_sweeps.parameters import DEFAULTS
from rag_sweeps.planning.ranges import Range


def values_of(sweep: SweepConfig, name: str) -> tuple[Any, ...]:
    """The values that are listed, or the constant; the two ends of a range."""
    if name not in sweep.swept:
        return (sweep.constants.get(name, DEFAULTS[name]),)
    spec = sweep.swept[name]
    return tuple(spec["values"]) if "values" in spec else (spec["min"], spec["max"])


def span_of(sweep: SweepConfig, name: str) -> Range:
    """The smallest and the largest number that a parameter may be; null is not counted."""
    numbers = [value for value in values_of(sweep, name) if value is not None]
    return Range(float(min(numbers)), float(max(numbers)))


def largest(sweep: SweepConfig, name: str) -> float:
    """The largest value of a limit; endless where some trial has none."""
    values = values_of(sweep, name)
    return math.inf if None in values else float(max(values))


def share_of(sweep: SweepConfig, name: str, *wanted: Any) -> float:
    """Share of the searched trials in which a parameter has one of these values, were each value tried as often."""
    values = values_of(sweep, name)
    return sum(value in wanted for value in values) / len(values)


def n_values(sweep: SweepConfig, name: str) -> float:
    """How many values a parameter may have; endless for a range of fractions."""
    spec = sweep.swept.get(name)
    if spec is None or "values" in spec:
        return len(values_of(sweep, name))
    whole = isinstance(spec["min"], int) and isinstance(spec["max"], int)
    step = spec.get("q", 1 if whole else None)
    return math.inf if step is None else math.floor((spec["max"] - spec["min"]) / step + 1e-9) + 1
