"""What was told + levels -> what a proposal may gain: improvement of one value, or of the Pareto front of two.

Of three objectives and more, one weighted value is improved, weighed anew for every trial (ParEGO, Knowles 2006).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from rag_sweeps.records import Floats
from rag_sweeps.search.encoding import Encoding
from rag_sweeps.search.history import History
from rag_sweeps.search.surrogate import Beliefs, Levels
from rag_sweeps.search.telling import Told

Point = tuple[float, float]


class Aim(Protocol):
    """What makes a proposal worth its expense."""

    def gains(self, levels: Levels) -> Floats:
        """(N,) expected gains."""
        ...

    def best_untried(self) -> tuple[Mapping[str, Any], float] | None:
        """The configuration whose value is known and that gains most over all trials, and how much."""
        ...


def aim_of(told: Told, history: History, encoding: Encoding, pool: Levels, *, seed: int) -> Aim:
    """pool: levels of what will be asked for."""
    if told.n_objectives == 2:
        return TwoAims([Told(history, seed=seed, objective=at) for at in (0, 1)], encoding, pool)
    return OneAim(told, encoding, pool)


class OneAim:
    def __init__(self, told: Told, encoding: Encoding, pool: Levels) -> None:
        self._told, self._surrogate = told, told.surrogate(encoding, pool)

    def gains(self, levels: Levels) -> Floats:
        return expected_excess(self._surrogate.at(levels), self._told.best)

    def best_untried(self) -> tuple[Mapping[str, Any], float] | None:
        return self._told.best_untried()


class TwoAims:
    """A surrogate for each objective, both to be maximised; the gain is that of the front's hypervolume."""

    def __init__(self, told: Sequence[Told], encoding: Encoding, pool: Levels) -> None:
        self._surrogates = [each.surrogate(encoding, pool) for each in told]
        sure = [(first, second) for first, second in zip(*(each.valued for each in told), strict=True) if first.is_sure]
        self._known = [(first.value, second.value) for first, second in sure]
        self._tried = [(first.value, second.value) for first, second in sure if first.tried]
        self._untried = [(first.params, (first.value, second.value)) for first, second in sure if not first.tried]

    def gains(self, levels: Levels) -> Floats:
        first, second = (surrogate.at(levels) for surrogate in self._surrogates)
        return hypervolume_gain(
            lambda level: expected_excess(first, level), lambda level: expected_excess(second, level), self._known
        )

    def best_untried(self) -> tuple[Mapping[str, Any], float] | None:
        found = [(params, _gain_of(point, self._tried)) for params, point in self._untried]
        best = max(found, key=lambda each: each[1], default=None)
        return best if best is not None and best[1] > 0 else None


def expected_excess(beliefs: Beliefs, level: float) -> Floats:
    """(N,) mean over the draws of E max(value - level, 0): the expected improvement on a level."""
    from scipy.special import ndtr

    above = (beliefs.mean - level) / beliefs.deviation
    density = np.exp(-above * above / 2.0) / math.sqrt(2.0 * math.pi)
    excess: Floats = beliefs.weights @ (beliefs.deviation * (above * ndtr(above) + density))
    return excess


WORST = -3.0
"""Where hypervolume begins in both objectives, in deviations from their means."""


def hypervolume_gain(
    first: Callable[[float], Floats], second: Callable[[float], Floats], points: Sequence[Point]
) -> Floats:
    """What a point, of which E max(value - level, 0) is known for both objectives, is expected to add to the area that
    the points dominate; the objectives are independent. The area is cut into strips along the first objective.
    """
    gain = np.zeros(1)
    ceiling = first(WORST)
    for right, height in [*_staircase(points), (math.inf, WORST)]:
        beyond = first(right) if math.isfinite(right) else np.zeros_like(ceiling)
        gain = gain + (ceiling - beyond) * second(height)
        ceiling = beyond
    return gain


def _staircase(points: Sequence[Point]) -> list[Point]:
    """The front, the first objective rising: up to each first value, the second is dominated up to its own."""
    front: list[Point] = []
    for point in sorted(points, reverse=True):
        if point[0] > WORST and point[1] > max((other[1] for other in front), default=WORST):
            front.append(point)
    return front[::-1]


def _gain_of(point: Point, points: Sequence[Point]) -> float:
    """Of a point that is known."""
    first, second = (lambda level, value=value: np.array([max(value - level, 0.0)]) for value in point)
    return float(hypervolume_gain(first, second, points)[0])
