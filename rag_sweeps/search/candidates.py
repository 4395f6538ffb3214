"""A space and what is taken -> proposals to choose from: all that is left, or a sample where that is too many."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from rag_sweeps.records import Bools
from rag_sweeps.search.encoding import Encoding
from rag_sweeps.search.expense import vectors_of
from rag_sweeps.search.space import SearchSpace, at_place
from rag_sweeps.search.surrogate import Levels

MOST_LISTED = 5_000
N_SAMPLED = 1_500
STEPS = (0.2, 0.05, 0.01)
"""Of a continuous axis, as shares of it: how far a neighbour lies."""

Proposals = dict[str, dict[str, Any]]
"""identity -> proposal"""


@dataclass(frozen=True, slots=True)
class Pool:
    """N proposals in one order. levels: (N, D). vectors: what decides the vectors of each, or None."""

    identities: list[str]
    proposals: list[dict[str, Any]]
    levels: Levels
    vectors: list[str | None]

    def where(self, kept: Bools) -> Pool:
        """Those that are kept."""
        rows = np.flatnonzero(kept).tolist()
        return Pool(
            [self.identities[row] for row in rows],
            [self.proposals[row] for row in rows],
            self.levels[rows],
            [self.vectors[row] for row in rows],
        )

    def __add__(self, other: Pool) -> Pool:
        return Pool(
            self.identities + other.identities,
            self.proposals + other.proposals,
            np.concatenate([self.levels, other.levels]),
            self.vectors + other.vectors,
        )

    def __len__(self) -> int:
        return len(self.proposals)


def candidates(space: SearchSpace, taken: Collection[str], good: Sequence[Mapping[str, Any]], *, seed: int) -> Pool:
    """None of them taken. `good` ones are looked around where not everything can be listed."""
    if is_listed(space):
        pool = _listed(space)
        return pool.where(np.array([identity not in taken for identity in pool.identities], dtype=bool))
    random = np.random.default_rng(seed)
    found = _around(space, good, taken, random)
    for _ in range(N_SAMPLED):
        proposal = {name: draw(distribution, random) for name, distribution in space.distributions.items()}
        identity = space.identity(proposal)
        if identity not in taken:
            found.setdefault(identity, proposal)
    if not found and space.points is not None:
        left = [(identity, point) for identity, point in space.points.items() if identity not in taken]
        found = dict(left[:N_SAMPLED])
    return _pool(space, found)


def around(
    space: SearchSpace, good: Sequence[Mapping[str, Any]], taken: Collection[str], random: np.random.Generator
) -> Pool:
    """Neighbours, none of them taken, that differ from a good proposal in one parameter."""
    return _pool(space, _around(space, good, taken, random))


def is_listed(space: SearchSpace) -> bool:
    """Whether the candidates are all that is left, and not a sample."""
    return space.n_combinations <= MOST_LISTED


def draw(distribution: BaseDistribution, random: np.random.Generator) -> Any:
    """One value, uniform on the distribution's own scale."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(random.integers(len(distribution.choices)))]
    return at_place(distribution, float(random.random()))


@lru_cache(maxsize=4)
def _listed(space: SearchSpace) -> Pool:
    return _pool(space, space.points or {})


def _pool(space: SearchSpace, found: Proposals) -> Pool:
    proposals = list(found.values())
    vectors = [vectors_of(space, proposal) for proposal in proposals]
    return Pool(list(found), proposals, Encoding(space).encode(proposals), vectors)


def _around(
    space: SearchSpace, good: Sequence[Mapping[str, Any]], taken: Collection[str], random: np.random.Generator
) -> Proposals:
    found: Proposals = {}
    for proposal in good:
        if not space.contains(proposal):
            continue
        for name, distribution in space.distributions.items():
            for value in _neighbours(distribution, proposal[name], random):
                neighbour = {**proposal, name: value}
                identity = space.identity(neighbour)
                if identity not in taken:
                    found.setdefault(identity, neighbour)
    return found


def _neighbours(distribution: BaseDistribution, value: Any, random: np.random.Generator) -> Iterator[Any]:
    if isinstance(distribution, CategoricalDistribution):
        yield from (choice for choice in distribution.choices if choice is not value)
        return
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high = distribution.low, distribution.high
    if isinstance(distribution, IntDistribution):
        yield from (near for near in (value - distribution.step, value + distribution.step) if low <= near <= high)
    if distribution.log:
        place = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    else:
        place = (value - low) / (high - low)
    for step in STEPS:
        for side in (-step, step):
            yield at_place(distribution, min(max(place + side * abs(float(random.normal())), 0.0), 1.0))
