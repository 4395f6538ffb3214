"""History -> the next proposal, and never the same trial twice."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from rag_sweeps.search.space import SearchSpace, unseen

TRIES = 64
STARTUP_TRIALS = 6


class SweepSampler(BaseSampler):
    """`bayes` by Optuna's multivariate TPE, `random`, or `grid` in order, over one SearchSpace; `first` before all.

    Its only state is the study's history: a proposal depends on the seed, the trial's number and the trials before,
    so a search that was killed and rebuilt goes on as if nothing had happened.
    """

    def __init__(self, space: SearchSpace, *, method: str, seed: object, first: Sequence[dict[str, Any]] = ()) -> None:
        self._space, self._method, self._seed, self._first = space, method, seed, first

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return dict(self._space.distributions)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if not search_space:
            return {}
        seen = seen_identities(study, self._space, but=trial.number)
        for proposal in self._first:
            if self._space.identity(proposal) not in seen:
                return proposal
        if self._method == "grid":
            return self._any_unseen(seen, shuffled=False)
        for attempt in range(TRIES):
            proposal = self._propose(study, trial, search_space, attempt)
            if self._space.identity(proposal) not in seen:
                return proposal
        return self._any_unseen(seen, shuffled=True, number=trial.number) or proposal

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter that the config does not know, drawn uniformly."""
        return self._uniform(trial.number, param_name).sample_independent(study, trial, param_name, param_distribution)

    def is_exhausted(self, study: optuna.Study) -> bool:
        """Whether every distinct trial of a finite space was proposed; W&B's scheduler asks this too."""
        return is_exhausted(study, self._space)

    def _propose(
        self, study: optuna.Study, trial: FrozenTrial, space: dict[str, BaseDistribution], attempt: int
    ) -> dict[str, Any]:
        if self._method == "bayes":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                tpe = TPESampler(
                    seed=_mix(self._seed, trial.number, attempt), multivariate=True, n_startup_trials=STARTUP_TRIALS
                )
            proposal = tpe.sample_relative(study, trial, space)
            if proposal:
                return {name: _plain(value) for name, value in proposal.items()}
        uniform = self._uniform(trial.number, attempt)
        return {name: uniform.sample_independent(study, trial, name, each) for name, each in space.items()}

    def _any_unseen(self, seen: set[str], *, shuffled: bool, number: int = 0) -> dict[str, Any]:
        left = list(unseen(self._space.points or {}, seen))
        if not left:
            return {}
        return random.Random(_mix(self._seed, number, "left")).choice(left) if shuffled else left[0]

    def _uniform(self, *parts: object) -> RandomSampler:
        return RandomSampler(seed=_mix(self._seed, *parts))


def is_exhausted(study: optuna.Study, space: SearchSpace) -> bool:
    """Whether every distinct trial of a finite space was asked for; an endless space never is exhausted."""
    if space.points is None:
        return False
    asked = (trial for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING)
    return space.points.keys() <= {space.identity(trial.params) for trial in asked}


def seen_identities(study: optuna.Study, space: SearchSpace, *, but: int | None) -> set[str]:
    """Identities of all trials, also of those that run, failed or wait; `but` is the trial being proposed."""
    return {space.identity(_params(trial)) for trial in study.get_trials(deepcopy=False) if trial.number != but}


def _params(trial: FrozenTrial) -> Mapping[str, Any]:
    if trial.state == TrialState.WAITING:
        fixed: Mapping[str, Any] = trial.system_attrs.get("fixed_params", {})
        return fixed
    return trial.params


def _mix(*parts: object) -> int:
    """A 32-bit seed from several values, the same in every process."""
    return random.Random("/".join(map(str, parts))).getrandbits(32)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
