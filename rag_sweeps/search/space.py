"""The `parameters` of a W&B sweep config -> Optuna distributions, and when two proposals are the same trial."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from rag_sweeps.parameters import effective
from rag_sweeps.store.files import canonical_json

MOST_LISTED_POINTS = 200_000
"""A finite space up to this size is listed to know when it is exhausted; a larger one is treated as endless."""


class SearchSpace:
    """Swept parameters as distributions, fixed ones as constants."""

    def __init__(self, parameters: Mapping[str, Mapping[str, Any]]) -> None:
        from wandb.sdk.sweeps.scheduler.optuna import search_space_from_sweep_config

        every = search_space_from_sweep_config({name: dict(spec) for name, spec in parameters.items()})
        self.distributions: dict[str, BaseDistribution] = {n: d for n, d in sorted(every.items()) if not d.single()}
        self.constants = {name: _only_value(d) for name, d in every.items() if d.single()}
        self.is_ours = "golden_set" in every

    def narrowed(self, asked: Mapping[str, BaseDistribution], fixed: Mapping[str, Any]) -> SearchSpace:
        """The part of the space that the distributions asked for and the values given beforehand leave."""
        part = object.__new__(SearchSpace)
        kept = {name: asked[name] for name in sorted(asked) if name not in fixed}
        part.distributions = {name: each for name, each in kept.items() if not each.single()}
        given = {name: _only_value(each) for name, each in kept.items() if each.single()}
        part.constants = {**self.constants, **given, **fixed}
        part.is_ours = self.is_ours
        # The whole space, with what it has listed, where nothing is left out.
        same = part.distributions == self.distributions and part.constants == self.constants
        return self if same else part

    def identity(self, proposal: Mapping[str, Any]) -> str:
        """The same text for proposals that would be one trial: parameters that cannot matter are left out.

        Only a config of this package says which ones those are; of any other, every parameter counts.
        """
        values = {name: rounded(value) for name, value in {**self.constants, **proposal}.items()}
        return canonical_json(effective(values) if self.is_ours else values)

    @cached_property
    def n_combinations(self) -> float:
        """How many proposals there are, those that would be one trial counted each; infinite on a continuous axis."""
        sizes = [_n_values(distribution) for distribution in self.distributions.values()]
        return math.prod(sizes)

    @cached_property
    def points(self) -> dict[str, dict[str, Any]] | None:
        """identity -> proposal in grid order for a finite space of moderate size, else None."""
        if self.n_combinations > MOST_LISTED_POINTS:
            return None
        axes = {name: _values(distribution) for name, distribution in self.distributions.items()}
        listed: dict[str, dict[str, Any]] = {}
        for values in itertools.product(*(axis for axis in axes.values() if axis is not None)):
            proposal = dict(zip(axes, values, strict=True))
            listed.setdefault(self.identity(proposal), proposal)
        return listed

    def contains(self, proposal: Mapping[str, Any]) -> bool:
        """Whether every swept parameter of the proposal has a value its distribution allows."""
        return proposal.keys() == self.distributions.keys() and all(
            _contains(self.distributions[name], value) for name, value in proposal.items()
        )

    def nearest(self, name: str, wanted: Any) -> Any:
        """The allowed value of a swept parameter that is `wanted`, or the nearest number, or the first choice."""
        distribution = self.distributions[name]
        if _contains(distribution, wanted):
            return wanted
        if isinstance(distribution, CategoricalDistribution):
            numbers = [choice for choice in distribution.choices if isinstance(choice, int | float)]
            if numbers and isinstance(wanted, int | float):
                return min(numbers, key=lambda choice: abs(choice - wanted))
            return distribution.choices[0]
        assert isinstance(distribution, IntDistribution | FloatDistribution)
        if not isinstance(wanted, int | float):
            return distribution.low
        return _on_step(distribution, min(max(wanted, distribution.low), distribution.high))


def _on_step(distribution: IntDistribution | FloatDistribution, value: float) -> float:
    if distribution.step is None:
        return value
    steps = round((value - distribution.low) / distribution.step)
    most = math.floor((distribution.high - distribution.low) / distribution.step + 1e-9)
    on_step = distribution.low + min(steps, most) * distribution.step
    return on_step if isinstance(on_step, int) else float(f"{on_step:.12g}")


def at_place(distribution: BaseDistribution, place: float) -> Any:
    """The value at a place between 0 and 1 of a range, on its own scale."""
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high, step = distribution.low, distribution.high, distribution.step
    if distribution.log:
        value = math.exp(math.log(low) + place * (math.log(high) - math.log(low)))
        return min(max(round(value), low), high) if isinstance(distribution, IntDistribution) else min(value, high)
    if step is None:
        return low + place * (high - low)
    n_values = math.floor((high - low) / step + 1e-9) + 1
    return rounded(low + min(int(place * n_values), n_values - 1) * step)


def _contains(distribution: BaseDistribution, value: Any) -> bool:
    if isinstance(distribution, CategoricalDistribution):
        return any(
            choice is value or (type(choice) is type(value) and choice == value) for choice in distribution.choices
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(distribution._contains(float(value)))


def _n_values(distribution: BaseDistribution) -> float:
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    if distribution.step is None:
        return math.inf
    return math.floor((distribution.high - distribution.low) / distribution.step + 1e-9) + 1


def _values(distribution: BaseDistribution) -> list[Any] | None:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution):
        return list(range(distribution.low, distribution.high + 1, distribution.step))
    if isinstance(distribution, FloatDistribution) and distribution.step is not None:
        n_steps = math.floor((distribution.high - distribution.low) / distribution.step + 1e-9)
        return [rounded(distribution.low + step * distribution.step) for step in range(n_steps + 1)]
    return None


def rounded(value: Any) -> Any:
    """Steps add up to 0.30000000000000004 here and to 0.3 elsewhere; both are one value."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _only_value(distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[0]
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    return distribution.low


def unseen(points: Mapping[str, dict[str, Any]], seen: set[str]) -> Iterator[dict[str, Any]]:
    return (proposal for identity, proposal in points.items() if identity not in seen)
