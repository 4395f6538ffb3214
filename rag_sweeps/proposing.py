"""The log of a sweep -> its next trial, the same one whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from rag_sweeps.config import SweepConfig
from rag_sweeps.search import (
    EarlierTrial,
    SearchSpace,
    add_earlier,
    baseline_proposals,
    is_exhausted,
    make_study,
    space_of,
)
from rag_sweeps.store.sweeps import Asked, SweepLog

PARALLEL = 4
"""Up to so many workers propose the same trials in the same order; more of them wait for nobody and do not."""

MIN_FAILURES_THAT_STOP = 3

_STATES = {"finished": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL", "waiting": "RUNNING"}


def n_measured(trials: Sequence[Asked]) -> int:
    """Trials of the search that ended with a result, dropped ones among them; baselines are not counted."""
    return sum(trial.state in ("finished", "pruned") and trial.baseline is None for trial in trials)


def is_complete(trials: Sequence[Asked], *, count: int) -> bool:
    """Whether nothing is left to measure: enough trials of the search, and none that is still waited for."""
    return n_measured(trials) >= count and all(trial.ended for trial in trials)


def must_wait(trials: Sequence[Asked], *, parallel: int) -> bool:
    """Whether a trial that the next proposal has to know has not ended yet."""
    return not all(trial.ended for trial in known(trials, parallel=parallel))


def known(trials: Sequence[Asked], *, parallel: int) -> Sequence[Asked]:
    """The trials whose results the next proposal may rest on: those that no set of `parallel` workers still runs."""
    return trials[: max(len(trials) - parallel + 1, 0)]


def propose(sweep: SweepConfig, log: SweepLog, trials: Sequence[Asked], *, count: int, parallel: int) -> Asked | None:
    """A baseline that was not run yet, else what the study asks for. None when there are enough."""
    space = space_of(sweep)
    number = len(trials)
    run = {trial.baseline for trial in trials}
    for name, proposal in baseline_proposals(space).items():
        if name not in run:
            return Asked(number, proposal, name)
    searched = [trial for trial in trials if trial.baseline is None]
    n_failed = sum(trial.state == "failed" for trial in searched)
    # As many failures as trials wanted is the end too: a space that mostly fails must not run for ever.
    if len(searched) - n_failed >= count or n_failed >= max(count, MIN_FAILURES_THAT_STOP):
        return None
    study = study_of(sweep, space, trials, parallel=parallel)
    add_earlier(study, [EarlierTrial(**trial) for trial in log.earlier()])
    if is_exhausted(study, space):
        log.exhaust()
        return None
    return Asked(number, study.ask(space.distributions).params, None)


def study_of(sweep: SweepConfig, space: SearchSpace, trials: Sequence[Asked], *, parallel: int) -> optuna.Study:
    """The study as the log tells it; what a worker may still run counts as running."""
    study = make_study(sweep)
    n_known = len(known(trials, parallel=parallel))
    for trial in trials:
        if not space.contains(trial.proposal):
            continue  # the BM25 baseline of a sweep that does not search retrievers
        state = _STATES[trial.state] if trial.number < n_known else "RUNNING"
        has_values = state in ("COMPLETE", "PRUNED") and bool(trial.values)
        told = [{"params": dict(proposal), "value": value} for proposal, value in trial.revealed]
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(trial.proposal),
                distributions=space.distributions,
                values=list(trial.values) if has_values and state == "COMPLETE" else None,
                intermediate_values={0: trial.values[0]} if has_values and state == "PRUNED" else None,
                user_attrs={"revealed": told} if has_values and told else None,
                state=optuna.trial.TrialState[state],
            )
        )
    return study
