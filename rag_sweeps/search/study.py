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
    """A study to `ask` and `tell`, with the baselines that lie inside the space enqueued first.

    Rests on `sweep.config` alone: no golden set, no prices, any parameter names.
    """
    study, space = new_study(sweep.config)
    if space.is_ours:
        for proposal in baseline_proposals(space).values():
            if space.contains(proposal):
                study.enqueue_trial(proposal)
    return study


def new_study(config: Mapping[str, Any]) -> tuple[optuna.Study, SearchSpace]:
    """An empty in-memory study over a config's space; its objectives are the config's metrics. Quiets Optuna's log."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = SearchSpace(config.get("parameters") or {})
    metrics = config.get("metrics") or [config.get("metric") or {}]
    study = optuna.create_study(
        directions=[StudyDirection[str(metric.get("goal", "minimize")).upper()] for metric in metrics],
        sampler=SweepSampler(
            space, method=str(config.get("method", "bayes")), seed=int(space.constants.get("seed") or 0)
        ),
    )
    return study, space
