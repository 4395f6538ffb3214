"""History -> the next proposal, and never the same trial twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from rag_sweeps.search.baselines import baseline_proposals
from rag_sweeps.search.candidates import draw
from rag_sweeps.search.history import History, params_of, read_history
from rag_sweeps.search.proposing import propose
from rag_sweeps.search.space import SearchSpace, unseen

TRIES = 64


class SweepSampler(BaseSampler):
    """`random`, `grid` in order, or else expected improvement under a surrogate; the baselines before all.

    Its only state is the study's history: a proposal depends on the seed, the trial's number and the trials before,
    so a search that was killed and rebuilt goes on as if nothing had happened.
    """

    def __init__(self, space: SearchSpace, *, method: str, seed: object) -> None:
        self._space, self._method, self._seed = space, method, seed
        self._asked = threading.local()

    @contextmanager
    def keeping_to(self, distributions: Mapping[str, BaseDistribution] | None) -> Iterator[None]:
        """What this thread asks for inside the block lies within these distributions."""
        self._asked.distributions = distributions
        try:
            yield
        finally:
            self._asked.distributions = None

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        asked: Mapping[str, BaseDistribution] | None = getattr(self._asked, "distributions", None)
        known = {*self._space.distributions, *self._space.constants}
        if asked is None:
            return dict(self._space.distributions)
        return {name: distribution for name, distribution in asked.items() if name in known}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        space = self._space.narrowed(search_space, trial.system_attrs.get("fixed_params", {}))
        if not space.distributions:
            return {}
        history = read_history(study, space, but=trial.number)
        for proposal in baseline_proposals(space).values():
            if space.contains(proposal) and space.identity(proposal) not in history.taken:
                return proposal
        seed = _mix(self._seed, trial.number)
        if self._method == "grid":
            return _first_left(space, history) or _any_left(space, history, seed)
        if self._method == "random":
            return _any_left(space, history, seed)
        with _one_blas_thread():
            return propose(space, history, seed=seed) or _any_left(space, history, seed)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter that the config does not know, drawn uniformly."""
        uniform = RandomSampler(seed=_mix(self._seed, trial.number, param_name))
        return uniform.sample_independent(study, trial, param_name, param_distribution)

    def is_exhausted(self, study: optuna.Study) -> bool:
        """Whether every distinct trial of a finite space was proposed; W&B's scheduler asks this too."""
        return is_exhausted(study, self._space)


def is_exhausted(study: optuna.Study, space: SearchSpace) -> bool:
    """Whether every distinct trial of a finite space was asked for; an endless space never is exhausted."""
    trials = study.get_trials(deepcopy=False)
    asked = {space.identity(params_of(trial)) for trial in trials if trial.state != TrialState.WAITING}
    rng = np.random.default_rng(len(asked))
    if any(space.identity(_uniform(space, rng)) not in asked for _ in range(TRIES)):
        return False
    return space.points is not None and space.points.keys() <= asked


def _first_left(space: SearchSpace, history: History) -> dict[str, Any] | None:
    return next(unseen(space.points or {}, {*history.taken}), None)


def _any_left(space: SearchSpace, history: History, seed: int) -> dict[str, Any]:
    """Uniformly among what is left; where nothing is, among everything."""
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        proposal = _uniform(space, rng)
        if space.identity(proposal) not in history.taken:
            return proposal
    left = list(unseen(space.points or {}, {*history.taken}))
    return random.Random(seed).choice(left) if left else proposal


def _one_blas_thread() -> AbstractContextManager[Any]:
    """Several are slower on matrices this small where the machine is busy, and round otherwise."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits


def _uniform(space: SearchSpace, rng: np.random.Generator) -> dict[str, Any]:
    return {name: draw(distribution, rng) for name, distribution in space.distributions.items()}


def _mix(*parts: object) -> int:
    """A 32-bit seed from several values, the same in every process."""
    return random.Random("/".join(map(str, parts))).getrandbits(32)
