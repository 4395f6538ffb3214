"""What the trials of a study say, state by state."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from rag_sweeps.search import EarlierTrial, add_earlier, make_study, space_of
from rag_sweeps.search.history import History, read_history

SWEEP = SimpleNamespace(
    config={
        "method": "grid",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"n": {"values": [0, 1, 2, 3, 4, 5, 6, 7]}},
    }
)


@pytest.fixture
def study() -> optuna.Study:
    return make_study(SWEEP)


def ask(study: optuna.Study) -> optuna.Trial:
    return study.ask(space_of(SWEEP).distributions)


def read(study: optuna.Study, but: int | None = None) -> History:
    return read_history(study, space_of(SWEEP), but=but)


def values(history: History) -> dict[Any, tuple[float, ...] | None]:
    return {observed.params["n"]: observed.values for observed in history.own.values()}


def test_a_finished_trial_says_its_value_to_be_maximised(study: optuna.Study) -> None:
    study.tell(ask(study), 3.0)
    assert values(read(study)) == {0: (-3.0,)}


def test_a_pruned_trial_says_its_last_value_less_surely(study: optuna.Study) -> None:
    trial = ask(study)
    trial.report(9.0, step=20)
    trial.report(2.0, step=40)
    study.tell(trial, state=TrialState.PRUNED)
    (observed,) = read(study).own.values()
    assert observed.values == (-2.0,)
    assert observed.noise > 0


def test_a_failed_trial_is_taken_and_has_no_value(study: optuna.Study) -> None:
    study.tell(ask(study), state=TrialState.FAIL)
    history = read(study)
    assert values(history) == {0: None}
    assert len(history.taken) == 1


def test_trials_that_run_or_wait_are_pending(study: optuna.Study) -> None:
    ask(study)
    study.enqueue_trial({"n": 5})
    history = read(study)
    assert [params["n"] for params in history.pending.values()] == [0, 5]
    assert len(history.taken) == 2


def test_the_trial_being_proposed_is_not_its_own_history(study: optuna.Study) -> None:
    trial = ask(study)
    assert not read(study, but=trial.number).taken


def test_of_a_configuration_that_failed_and_then_finished_the_value_counts(study: optuna.Study) -> None:
    for state, value in ((TrialState.FAIL, None), (TrialState.COMPLETE, 4.0), (TrialState.FAIL, None)):
        study.enqueue_trial({"n": 6})
        study.tell(ask(study), value, state=state)
    assert values(read(study)) == {6: (-4.0,)}


def test_what_was_revealed_is_known_until_a_trial_has_it(study: optuna.Study) -> None:
    trial = ask(study)
    entries = [{"params": {"n": 1}, "value": 5.0}, {"params": {"n": 2}, "values": [6.0]}, {"params": {"n": 3}}]
    trial.set_user_attr("revealed", entries)
    study.tell(trial, 1.0)
    assert [observed.values for observed in read(study).known.values()] == [(-5.0,), (-6.0,)]
    study.tell(ask(study), 5.0)
    assert [observed.params["n"] for observed in read(study).known.values()] == [2]


def test_earlier_trials_are_known_on_the_same_task_and_of_a_task_of_their_own_on_another(study: optuna.Study) -> None:
    trials = [("a", 1, True), ("b", 2, False), ("c", 3, False), ("b", 4, False)]
    add_earlier(study, [EarlierTrial(sweep=s, params={"n": n}, values=[n], same_task=same) for s, n, same in trials])
    history = read(study)
    assert [observed.params["n"] for observed in history.known.values()] == [1]
    assert [(observed.params["n"], observed.task) for observed in history.earlier] == [(2, 1), (3, 2), (4, 1)]
    assert not history.taken
    assert not study.get_trials()


def test_values_that_are_missing_or_not_finite_are_left_out(study: optuna.Study) -> None:
    add_earlier(
        study, [EarlierTrial(sweep="a", params={"n": 1}, values=bad, same_task=True) for bad in ([], [float("inf")])]
    )
    assert not read(study).known
