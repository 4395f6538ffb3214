"""Proposals -> levels of axes, as the surrogate wants them.

Numbers, also those of a list, are ordered; names, truth values and null are not. A parameter that cannot matter beside
the others has a level of its own, so that BM25 is as far from one embedding model as from the other.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from rag_sweeps.parameters import without_effect
from rag_sweeps.search.space import SearchSpace, at_place
from rag_sweeps.search.surrogate import Axis, Levels

N_POSITIONS = 128
"""Positions that are told apart on an ordered axis."""

IDLE = ("idle",)
IDLE_LEVEL = 0


class Encoding:
    """The axes of a space. Names outside it (of an earlier sweep) get levels of their own as they come."""

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._names = list(space.distributions)
        self._levels: list[dict[Hashable, int]] = []
        self._known_idle: dict[Hashable, set[str]] = {}
        ranges = space.distributions.items()
        self._ranges = {name for name, each in ranges if not isinstance(each, CategoricalDistribution)}
        for distribution in space.distributions.values():
            keys = [IDLE, *dict.fromkeys(_key(distribution, value) for value in _landmarks(distribution))]
            self._levels.append({key: level for level, key in enumerate(keys)})

    def encode(self, proposals: Sequence[Mapping[str, Any]]) -> Levels:
        """(n, D) levels; a parameter that a proposal lacks is idle."""
        distributions = self._space.distributions
        rows = np.empty((len(proposals), len(self._names)), dtype=np.intp)
        for row, proposal in enumerate(proposals):
            idle = self._idle(proposal)
            for axis, name in enumerate(self._names):
                known = self._levels[axis]
                if name in proposal and name not in idle:
                    rows[row, axis] = known.setdefault(_key(distributions[name], proposal[name]), len(known))
                else:
                    rows[row, axis] = IDLE_LEVEL
        return rows

    def _idle(self, proposal: Mapping[str, Any]) -> set[str]:
        if not self._space.is_ours:
            return set()
        # Numbers of ranges decide nothing, so that a sample of them asks a few times only.
        decides = tuple(value for name, value in proposal.items() if name not in self._ranges)
        if decides not in self._known_idle:
            self._known_idle[decides] = without_effect({**self._space.constants, **proposal})
        return self._known_idle[decides]

    def axes(self, *used: Levels) -> list[Axis]:
        """One for each swept parameter, with the levels met so far."""
        found = []
        for axis, known in enumerate(self._levels):
            positions = [key / (N_POSITIONS - 1) if isinstance(key, int) else math.nan for key in known]
            unordered = any(not isinstance(key, int) for key in known if key != IDLE)
            idle = any((levels[:, axis] == IDLE_LEVEL).any() for levels in used)
            found.append(Axis(np.array(positions), ordered=not unordered and not idle))
        return found

    def unordered(self) -> dict[int, int]:
        """Axis -> number of its levels, for axes of names."""
        found = {}
        for axis, known in enumerate(self._levels):
            if not any(isinstance(key, int) for key in known):
                found[axis] = sum(key != IDLE for key in known)
        return found


def _key(distribution: BaseDistribution, value: Any) -> Hashable:
    """The bin of a number on its axis, or the value itself."""
    place = _position(distribution, value)
    if place is None:
        return (type(value).__name__, repr(value))
    return round(min(max(place, 0.0), 1.0) * (N_POSITIONS - 1))


def _landmarks(distribution: BaseDistribution) -> Sequence[Any]:
    """Values that between them meet every level of an axis."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    places = np.linspace(0.0, 1.0, N_POSITIONS)
    return [at_place(distribution, place) for place in places.tolist()]


def _position(distribution: BaseDistribution, value: Any) -> float | None:
    """Where a number lies on its axis, 0 to 1; None for what is in no order."""
    if not _is_number(value):
        return None
    if isinstance(distribution, CategoricalDistribution):
        numbers = sorted({float(choice) for choice in distribution.choices if _is_number(choice)})
        return _rank(numbers, value) / (len(numbers) - 1) if len(numbers) > 1 else None
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high = distribution.low, distribution.high
    if high <= low:
        return 0.0
    if distribution.log:
        return (math.log(max(value, low)) - math.log(low)) / (math.log(high) - math.log(low))
    return float((value - low) / (high - low))


def _rank(numbers: Sequence[float], value: float) -> float:
    """Rank among sorted numbers, in between for a number that is none of them."""
    at = bisect_left(numbers, value)
    if at == len(numbers) or at == 0 or numbers[at] == value:
        return min(at, len(numbers) - 1)
    return at - 1 + (value - numbers[at - 1]) / (numbers[at] - numbers[at - 1])


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
