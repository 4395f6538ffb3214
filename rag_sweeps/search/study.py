"""A sweep config -> the Optuna study that searches it, locally and behind `wandb sweep-scheduler`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection

from rag_sweeps.search.sampler import SweepSampler
from rag_sweeps.search.space import SearchSpace


class HasConfig(Protocol):
    """What W&B's scheduler passes, and what a SweepConfig is."""

    @property
    def config(self) -> Mapping[str, Any]: ...


class SweepStudy(optuna.Study):
    """A study whose sampler knows which distributions are asked for before it proposes anything."""

    def ask(self, fixed_distributions: dict[str, BaseDistribution] | None = None) -> optuna.Trial:
        """As optuna.Study.ask; a proposal is made for all the distributions together and lies within them."""
        if not isinstance(self.sampler, SweepSampler):
            return super().ask(fixed_distributions)
        with self.sampler.keeping_to(fixed_distributions):
            return super().ask(fixed_distributions)


def make_study(sweep: HasConfig) -> SweepStudy:
    """A study to `ask` and `tell`: the baselines that lie inside the space first, then what the method proposes.

    Rests on `sweep.config` alone: no golden set, no prices, any parameter names. Lives in memory; its proposals depend
    only on the config and on the trials it holds. Quiets Optuna's log.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = space_of(sweep)
    metrics = sweep.config.get("metrics") or [sweep.config.get("metric") or {}]
    storage, name = optuna.storages.InMemoryStorage(), "sweep"
    optuna.create_study(
        storage=storage,
        study_name=name,
        directions=[StudyDirection[str(metric.get("goal", "minimize")).upper()] for metric in metrics],
    )
    method, seed = str(sweep.config.get("method", "bayes")), space.constants.get("seed", 0)
    return SweepStudy(name, storage, sampler=SweepSampler(space, method=method, seed=seed))


def space_of(sweep: HasConfig) -> SearchSpace:
    """The space that the config's `parameters` span. Equal parameters share one, with what it has listed."""
    parameters = sweep.config.get("parameters") or {}
    try:
        text = json.dumps({name: dict(spec) for name, spec in parameters.items()})
    except TypeError:  # a value that is no JSON, from a caller that builds its config in Python
        return SearchSpace(parameters)
    return _space(text)


@lru_cache(maxsize=16)
def _space(parameters: str) -> SearchSpace:
    return SearchSpace(json.loads(parameters))
