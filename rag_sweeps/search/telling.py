"""History -> observations on one scale, the most telling ones where there are many, and the surrogate of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rag_sweeps.search.encoding import Encoding
from rag_sweeps.search.history import History, Observation
from rag_sweeps.search.scalar import as_one, ranks, standardised, weights_of
from rag_sweeps.search.surrogate import Levels, Seen, Surrogate

MOST_OWN, MOST_KNOWN, MOST_EARLIER = 120, 60, 60
FAILED = -1.5
"""What a failed trial is taken for, in deviations from the mean, so that the search turns elsewhere."""


@dataclass(frozen=True, slots=True)
class Valued:
    """An observation with one value, about mean 0 and variance 1 within its task. tried: by a trial of this study."""

    observation: Observation
    value: float
    tried: bool

    @property
    def params(self) -> Mapping[str, Any]:
        return self.observation.params

    @property
    def is_sure(self) -> bool:
        """Whether it is a value of this sweep and no guess."""
        observation = self.observation
        return observation.task == 0 and observation.values is not None and observation.noise == 0.0


class Told:
    """All that was told, each observation with one value: of one objective, or of all, weighed anew for every seed."""

    def __init__(self, history: History, *, seed: int, objective: int | None = None) -> None:
        self._seed, self._history, self._objective = seed, history, objective
        own = list(history.own.values())
        known, earlier = list(history.known.values()), history.earlier
        self.valued = [
            *self._on_one_scale([*own, *known], n_tried=len(own)),
            *(each for task in sorted({part.task for part in earlier}) for each in self._of_task(earlier, task)),
        ]

    def good(self, n_good: int) -> list[Mapping[str, Any]]:
        """Parameters of the best of this sweep."""
        ranked = sorted((each for each in self.valued if each.observation.task == 0), key=lambda each: -each.value)
        return [each.observation.params for each in ranked[:n_good]]

    @property
    def n_objectives(self) -> int:
        """0 where nothing has a value yet."""
        return max((len(each.observation.values or ()) for each in self.valued), default=0)

    @cached_property
    def best(self) -> float:
        """The best value of this sweep that is no guess."""
        return max((each.value for each in self.valued if each.is_sure), default=0.0)

    def best_untried(self) -> tuple[Mapping[str, Any], float] | None:
        """The best configuration whose value is known and that no trial has, and by how much it beats all trials."""
        untried = [each for each in self.valued if each.is_sure and not each.tried]
        if not untried:
            return None
        first = max(untried, key=lambda each: each.value)
        tried = max((each.value for each in self.valued if each.is_sure and each.tried), default=-math.inf)
        return (first.observation.params, first.value - tried) if first.value > tried else None

    def surrogate(self, encoding: Encoding, pool: Levels) -> Surrogate:
        """What is believed once the trials that still run have given what is expected of them.

        pool: levels of what it will be asked for.
        """
        used = self._most_telling()
        levels = encoding.encode([each.observation.params for each in used])
        seen = Seen(
            levels=levels,
            values=np.array([each.value for each in used]),
            noise=np.array([each.observation.noise for each in used]),
            task=np.array([each.observation.task for each in used], dtype=np.intp),
        )
        pending = encoding.encode(list(self._history.pending.values()))
        axes = encoding.axes(pool, levels, pending)
        surrogate = Surrogate(axes, seen, seed=self._seed)
        if not len(pending):
            return surrogate
        n = len(pending)
        believed = Seen(
            levels=np.concatenate([seen.levels, pending]),
            values=np.concatenate([seen.values, surrogate.at(pending).expected()]),
            noise=np.concatenate([seen.noise, np.zeros(n)]),
            task=np.concatenate([seen.task, np.zeros(n, dtype=np.intp)]),
        )
        return Surrogate(axes, believed, seed=self._seed, n_believed=n)

    def _on_one_scale(self, observed: Sequence[Observation], *, n_tried: int) -> list[Valued]:
        values = [each.values for each in observed if each.values is not None]
        if not values:
            return [Valued(each, 0.0, True) for each in observed]
        if self._objective is None:
            one = as_one(values, weights_of(len(values[0]), seed=self._seed))
        else:
            one = ranks(np.array([each[self._objective] for each in values]))
        scaled = iter(standardised(one).tolist())
        return [
            Valued(each, FAILED if each.values is None else next(scaled), at < n_tried)
            for at, each in enumerate(observed)
        ]

    def _of_task(self, earlier: Sequence[Observation], task: int) -> list[Valued]:
        return self._on_one_scale([each for each in earlier if each.task == task], n_tried=0)

    def _most_telling(self) -> list[Valued]:
        """The newest and best of the trials, the best and some of what else is known."""
        own = [each for each in self.valued if each.tried]
        known = [each for each in self.valued if not each.tried and each.observation.task == 0]
        earlier = [each for each in self.valued if each.observation.task != 0]
        return [*_some(own, MOST_OWN), *_some(known, MOST_KNOWN), *_some(earlier, MOST_EARLIER)]


def _some(valued: Sequence[Valued], most: int) -> list[Valued]:
    """At most so many: a third for the best, the rest evenly from the others, in their order."""
    if len(valued) <= most:
        return list(valued)
    ranked = sorted(range(len(valued)), key=lambda at: (-valued[at].value, at))
    best, others = ranked[: most // 3], sorted(ranked[most // 3 :])
    spread = np.linspace(0, len(others) - 1, most - len(best)).round().astype(int)
    return [valued[at] for at in sorted({*best, *(others[at] for at in spread)})]
