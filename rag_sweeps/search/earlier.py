"""Finished trials of earlier sweeps -> what a new study knows before its first trial."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna

from rag_sweeps.search.history import EARLIER


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierTrial:
    """values: in the order of the new study's objectives, as they were logged.

    same_task: measured on the same golden set and with the same objective, so that its values are those a new trial
    would give. Of another task they say only what tends to be better.
    """

    sweep: str
    params: Mapping[str, Any]
    values: Sequence[float]
    same_task: bool


def add_earlier(study: optuna.Study, trials: Iterable[EarlierTrial]) -> None:
    """Let a study learn from earlier trials. They are no trials of its own: none gets a number, none is exhausted.

    A configuration known from the same task is proposed again only where it is the best one known.
    """
    entries = [
        {
            "sweep": trial.sweep,
            "params": dict(trial.params),
            "values": [float(value) for value in trial.values],
            "same": trial.same_task,
        }
        for trial in trials
    ]
    study.set_user_attr(EARLIER, [*(study.user_attrs.get(EARLIER) or ()), *entries])
