"""An Optuna study -> what its trials say: which configurations are taken, and which values are known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from rag_sweeps.search.space import SearchSpace

REVEALED = "revealed"
"""User attribute of a trial: values of other configurations that it brought to light for nothing, as a list of
`{"params": {...}, "value": 0.5}`, or with `"values": [...]` where there are several objectives."""
EARLIER = "earlier"
"""User attribute of a study: finished trials of earlier sweeps, see `earlier.add_earlier`."""

NOISE_OF_PRUNED = 0.3
NOISE_OF_FAILED = 0.5
NOISE_OF_EARLIER = 0.1


@dataclass(frozen=True, slots=True)
class Observation:
    """values: all to be maximised; None of a trial that failed. noise: a variance, in variances of the values."""

    params: Mapping[str, Any]
    values: tuple[float, ...] | None
    noise: float = 0.0
    task: int = 0


@dataclass(slots=True)
class History:
    """taken: identity -> parameters of every trial, in order. own, known and earlier do not overlap.

    own: trials that ended. pending: trials that run or wait. known: values of configurations no trial has tried.
    """

    taken: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    own: dict[str, Observation] = field(default_factory=dict)
    pending: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    known: dict[str, Observation] = field(default_factory=dict)
    earlier: list[Observation] = field(default_factory=list)


def read_history(study: optuna.Study, space: SearchSpace, *, but: int | None = None) -> History:
    """`but` is the number of the trial being proposed."""
    history, signs = History(), _signs(study)
    revealed: list[Mapping[str, Any]] = []
    for trial in study.get_trials(deepcopy=False):
        if trial.number == but:
            continue
        params = params_of(trial)
        identity = space.identity(params)
        history.taken.setdefault(identity, params)
        observed = _observation(trial, params, signs)
        if observed is None:
            history.pending.setdefault(identity, params)
        elif _says_more(observed, history.own.get(identity)):
            history.own[identity] = observed
        revealed += trial.user_attrs.get(REVEALED) or ()
    history.pending = {name: params for name, params in history.pending.items() if name not in history.own}
    tasks: dict[str, int] = {}
    for entry in study.user_attrs.get(EARLIER) or ():
        if entry["same"]:
            revealed.append(entry)
        elif (values := _values(entry, signs)) is not None:
            task = tasks.setdefault(entry["sweep"], len(tasks) + 1)
            history.earlier.append(Observation(entry["params"], values, NOISE_OF_EARLIER, task))
    for identity, entry in _by_identity(revealed, space):
        values = _values(entry, signs)
        if values is not None and identity not in history.taken:
            history.known[identity] = Observation(entry["params"], values)
    return history


def params_of(trial: FrozenTrial) -> Mapping[str, Any]:
    """The parameters of a trial; of a waiting one, those it was given."""
    if trial.state == TrialState.WAITING or not trial.params:
        fixed: Mapping[str, Any] = trial.system_attrs.get("fixed_params", {})
        return fixed
    return trial.params


def _observation(trial: FrozenTrial, params: Mapping[str, Any], signs: tuple[int, ...]) -> Observation | None:
    """None for a trial that has not ended."""
    if trial.state == TrialState.COMPLETE and trial.values is not None:
        values = _maximised(trial.values, signs)
        return Observation(params, values, 0.0 if values else NOISE_OF_FAILED)
    if trial.state == TrialState.PRUNED:
        last = trial.last_step
        values = _maximised([trial.intermediate_values[last]], signs) if last is not None else None
        return Observation(params, values, NOISE_OF_PRUNED if values else NOISE_OF_FAILED)
    if trial.state == TrialState.FAIL:
        return Observation(params, None, NOISE_OF_FAILED)
    return None


def _says_more(new: Observation, old: Observation | None) -> bool:
    return old is None or (new.values is not None and (old.values is None or new.noise < old.noise))


def _values(entry: Mapping[str, Any], signs: tuple[int, ...]) -> tuple[float, ...] | None:
    values = entry["values"] if entry.get("values") is not None else [entry.get("value", math.nan)]
    return _maximised(values, signs)


def _maximised(values: Iterable[float], signs: tuple[int, ...]) -> tuple[float, ...] | None:
    """All to be maximised; None where one is missing or not finite, or there are too few."""
    found = tuple(sign * float(value) for sign, value in zip(signs, values, strict=False) if value is not None)
    return found if len(found) == len(signs) and all(map(math.isfinite, found)) else None


def _signs(study: optuna.Study) -> tuple[int, ...]:
    return tuple(1 if direction == StudyDirection.MAXIMIZE else -1 for direction in study.directions)


def _by_identity(entries: Iterable[Mapping[str, Any]], space: SearchSpace) -> Iterable[tuple[str, Mapping[str, Any]]]:
    return ((space.identity(entry["params"]), entry) for entry in entries)
