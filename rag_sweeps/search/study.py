"""A sweep config -> the Optuna study that searches it, locally and behind `wandb sweep-scheduler`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import optuna
from optuna.study import StudyDirection

from rag_sweeps.search.baselines import baseline_proposals
from rag_sweeps.search.sampler import SweepSampler
from rag_sweeps.search.space import SearchSpace


class HasConfig(Protocol):
    """What W&B's scheduler passes, and what a SweepConfig is."""

    @property
    def config(self) -> Mapping[str, Any]: ...


def make_study(sweep: HasConfig) -> optuna.Study:
    """A study to `ask` and `tell`: the baselines that lie inside the space first, then what the method proposes.

    Rests on `sweep.config` alone: no golden set, no prices, any parameter names. Lives in memory; its proposals depend
    only on the config and on the trials it holds. Quiets Optuna's log.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = space_of(sweep)
    metrics = sweep.config.get("metrics") or [sweep.config.get("metric") or {}]
    return optuna.create_study(
        directions=[StudyDirection[str(metric.get("goal", "minimize")).upper()] for metric in metrics],
        sampler=SweepSampler(
            space,
            method=str(sweep.config.get("method", "bayes")),
            seed=space.constants.get("seed", 0),
            first=[proposal for proposal in baseline_proposals(space).values() if space.contains(proposal)],
        ),
    )


def space_of(sweep: HasConfig) -> SearchSpace:
    """The space that the config's `parameters` span."""
    return SearchSpace(sweep.config.get("parameters") or {})
