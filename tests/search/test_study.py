"""What a study proposes: never one trial twice, the same from the same history, and all of a finite space."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from rag_sweeps.search import SearchSpace, is_exhausted, make_study, space_of

pytestmark = pytest.mark.filterwarnings(
    "ignore:The distribution is specified by", "ignore:Choices for a categorical distribution"
)

METHODS = ("bayes", "random", "grid")
MODELS = ["lsa-8", "lsa-16", "lsa-32", "all-MiniLM-L6-v2"]
PARAMETERS = {
    "golden_set": {"value": "g"},
    "retriever": {"values": ["bm25", "dense", "hybrid"]},
    "embedding_model": {"values": MODELS},
    "chunk_size": {"values": [32, 64]},
}
N_DISTINCT = 2 * (1 + 2 * len(MODELS))
"""Under bm25 the embedding model does not matter."""

ENDLESS = {
    "golden_set": {"value": "g"},
    "retriever": {"values": ["bm25", "dense"]},
    "embedding_model": {"values": MODELS},
    "bm25_b": {"min": 0.0, "max": 1.0},
    "chunk_size": {"min": 16, "max": 512},
}


def config(parameters: dict[str, Any] = PARAMETERS, method: str = "bayes", **more: Any) -> dict[str, Any]:
    return {"method": method, "metric": {"name": "objective", "goal": "maximize"}, "parameters": parameters, **more}


def new_study(document: dict[str, Any]) -> tuple[optuna.Study, SearchSpace]:
    sweep = SimpleNamespace(config=document)
    return make_study(sweep), space_of(sweep)


def score(params: dict[str, Any], number: int) -> float:
    """An objective that depends on the parameters, so that TPE has something to learn."""
    return random.Random(repr(sorted(params.items()))).random() + number * 1e-6


def run(study: optuna.Study, space: SearchSpace, n_asks: int) -> list[dict[str, Any]]:
    """Ask and tell until the space is exhausted; every fifth trial fails, every seventh is never told."""
    asked: list[dict[str, Any]] = []
    for _ in range(n_asks):
        if is_exhausted(study, space):
            break
        trial = study.ask(space.distributions)
        asked.append(trial.params)
        if trial.number % 5 == 4:
            study.tell(trial, state=TrialState.FAIL)
        elif trial.number % 7 != 6:
            study.tell(trial, [score(trial.params, trial.number)] * len(study.directions))
    return asked


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_finite_space_is_asked_completely_and_nothing_twice(method: str, seed: int) -> None:
    study, space = new_study(config({**PARAMETERS, "seed": {"value": seed}}, method))
    asked = run(study, space, 200)
    identities = [space.identity(params) for params in asked]
    assert len(identities) == len(set(identities)) == N_DISTINCT
    assert is_exhausted(study, space)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "spec",
    [
        {"min": 0.0, "max": 0.3, "q": 0.1, "distribution": "q_uniform"},
        {"min": 0.1, "max": 0.7, "q": 0.1, "distribution": "q_uniform"},
        {"min": 0.0, "max": 0.8, "q": 0.3, "distribution": "q_uniform"},
        {"min": 1, "max": 8},
        {"min": 1, "max": 8, "q": 1, "distribution": "q_log_uniform_values"},
        {"min": 10, "max": 95, "q": 10, "distribution": "q_uniform"},
    ],
)
def test_a_range_with_steps_is_asked_completely(method: str, spec: dict[str, Any]) -> None:
    study, space = new_study(config({"x": spec}, method))
    asked = run(study, space, 40)
    assert space.points is not None
    assert len(asked) == len(space.points)
    assert all(space.contains(params) for params in asked)
    assert len({round(params["x"], 6) for params in asked}) == len(asked)


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_an_endless_space_never_repeats_a_trial(method: str) -> None:
    study, space = new_study(config(ENDLESS, method))
    asked = run(study, space, 40)
    assert len({space.identity(params) for params in asked}) == len(asked) == 40
    assert all(space.contains(params) for params in asked)
    assert not is_exhausted(study, space)


def test_a_space_is_exhausted_exactly_when_every_distinct_trial_was_asked() -> None:
    study, space = new_study(config(method="random"))
    for _ in range(N_DISTINCT):
        assert not is_exhausted(study, space)
        study.ask(space.distributions)
    assert is_exhausted(study, space)
    assert study.sampler.is_exhausted(study)


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.RUNNING, TrialState.PRUNED])
def test_a_trial_that_failed_or_runs_is_not_proposed_again(state: TrialState) -> None:
    study, space = new_study(config({"golden_set": {"value": "g"}, "chunk_size": {"values": [32, 64]}}))
    first = study.ask(space.distributions)
    if state != TrialState.RUNNING:
        study.tell(first, state=state)
    assert study.ask(space.distributions).params != first.params


def test_a_grid_is_walked_in_order() -> None:
    study, space = new_study(config({"b": {"values": [1, 2]}, "a": {"values": ["x", "y"]}}, "grid"))
    walked = [(params["a"], params["b"]) for params in run(study, space, 9)]
    assert walked == [("x", 1), ("x", 2), ("y", 1), ("y", 2)]


def test_a_space_of_one_point_is_exhausted_by_one_trial() -> None:
    study, space = new_study(config({"golden_set": {"value": "g"}, "chunk_size": {"value": 64}}))
    assert not is_exhausted(study, space)
    study.ask(space.distributions)
    assert is_exhausted(study, space)


@pytest.mark.parametrize("method", ["bayes", "random"])
def test_one_seed_is_one_order(method: str) -> None:
    orders = []
    for seed in (3, 3, 4):
        study, space = new_study(config({**ENDLESS, "seed": {"value": seed}}, method))
        orders.append(run(study, space, 25))
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]
    # The first two are the baselines, whatever the seed.
    assert orders[0][:2] == orders[2][:2]
    assert orders[0][2] != orders[2][2]


def test_what_bayes_makes_of_one_history_depends_on_the_seed_and_the_number() -> None:
    document = config({**ENDLESS, "seed": {"value": 3}})
    study, space = new_study(document)
    run(study, space, 20)
    other, _ = new_study(config({**ENDLESS, "seed": {"value": 4}}))
    other.add_trials(study.get_trials())
    first = study.ask(space.distributions).params
    assert other.ask(space.distributions).params != first
    # Several workers ask before any of them tells.
    values = [study.ask(space.distributions).params["bm25_b"] for _ in range(4)]
    assert len({first["bm25_b"], *values}) == 5


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("metrics", [1, 2])
def test_a_study_rebuilt_from_its_history_goes_on_as_the_original(method: str, metrics: int) -> None:
    parameters = PARAMETERS if method == "grid" else ENDLESS
    document = config(parameters, method)
    if metrics == 2:
        document["metrics"] = [document.pop("metric"), {"name": "index_bytes", "goal": "minimize"}]
    study, space = new_study(document)
    run(study, space, 14)
    rebuilt, _ = new_study(document)
    for trial in study.get_trials():
        rebuilt.add_trial(
            create_trial(params=trial.params, distributions=space.distributions, values=trial.values, state=trial.state)
        )
    assert run(rebuilt, space, 3) == run(study, space, 3)


def test_bayes_learns_from_what_it_is_told() -> None:
    document = config(
        {"golden_set": {"value": "g"}, "retriever": {"value": "bm25"}, "bm25_b": {"min": 0.0, "max": 1.0}}
    )
    study, space = new_study(document)
    for _ in range(40):
        trial = study.ask(space.distributions)
        study.tell(trial, -abs(trial.params["bm25_b"] - 0.8))
    late = [trial.params["bm25_b"] for trial in study.get_trials()[-15:]]
    assert sum(abs(value - 0.8) < 0.2 for value in late) > 10


@pytest.mark.parametrize(
    ("more", "directions"),
    [
        ({}, ["MAXIMIZE"]),
        ({"metric": {"name": "x", "goal": "minimize"}}, ["MINIMIZE"]),
        ({"metric": {"name": "x"}}, ["MINIMIZE"]),
        ({"metric": None}, ["MINIMIZE"]),
        ({"metric": None, "metrics": [{"name": "a", "goal": "maximize"}, {"name": "b"}]}, ["MAXIMIZE", "MINIMIZE"]),
    ],
)
def test_goals_are_directions(more: dict[str, Any], directions: list[str]) -> None:
    study, _ = new_study({name: value for name, value in {**config(), **more}.items() if value is not None})
    assert study.directions == [StudyDirection[direction] for direction in directions]


def test_a_study_needs_a_config_and_nothing_else() -> None:
    study = make_study(SimpleNamespace(config=config()))
    space = SearchSpace(PARAMETERS)
    asked = run(study, space, 200)
    assert len({space.identity(params) for params in asked}) == len(asked) == N_DISTINCT


def test_baselines_are_asked_first_and_lie_inside_the_space() -> None:
    parameters = {**PARAMETERS, "chunk_size": {"values": [33, 65]}, "bm25_b": {"min": 0.1, "max": 0.2}}
    space = SearchSpace(parameters)
    study = make_study(SimpleNamespace(config=config(parameters)))
    first = [study.ask(space.distributions).params for _ in range(3)]
    assert first[:2] == [
        {"retriever": "dense", "embedding_model": "all-MiniLM-L6-v2", "chunk_size": 65, "bm25_b": 0.2},
        {"retriever": "bm25", "embedding_model": "all-MiniLM-L6-v2", "chunk_size": 65, "bm25_b": 0.2},
    ]
    assert all(space.contains(params) for params in first)


def test_a_baseline_outside_the_space_is_not_asked() -> None:
    parameters = {"golden_set": {"value": "g"}, "chunk_size": {"values": [32, 64, 128]}}
    study, space = make_study(SimpleNamespace(config=config(parameters))), SearchSpace(parameters)
    asked = run(study, space, 10)
    assert [set(params) for params in asked] == [{"chunk_size"}] * 3


def test_a_space_that_holds_the_baselines_alone_is_not_exhausted_before_they_are_asked() -> None:
    parameters = {"golden_set": {"value": "g"}, "retriever": {"values": ["bm25", "dense"]}}
    study, space = make_study(SimpleNamespace(config=config(parameters))), SearchSpace(parameters)
    assert [params["retriever"] for params in run(study, space, 10)] == ["dense", "bm25"]


@pytest.mark.parametrize("method", METHODS)
def test_foreign_parameters_are_searched_as_they_are(method: str) -> None:
    parameters = {
        "learning rate": {"values": [0.1, 0.01]},
        "retriever": {"values": ["mine", "yours"]},
        "flag": {"values": [False, True]},
    }
    study = make_study(SimpleNamespace(config=config(parameters, method)))
    assert len(run(study, SearchSpace(parameters), 50)) == 8


@pytest.mark.parametrize("seed", ["a word", 1.5, [1], -3, None, True])
def test_a_foreign_seed_may_be_anything(seed: object) -> None:
    parameters = {"seed": {"value": seed}, "x": {"values": [1, 2, 3]}}
    study = make_study(SimpleNamespace(config=config(parameters, "random")))
    assert len(run(study, SearchSpace(parameters), 9)) == 3


@pytest.mark.parametrize("document", [{}, {"parameters": None}, {"parameters": {}}, {"method": "custom"}])
def test_a_config_with_nothing_in_it_is_a_study(document: dict[str, Any]) -> None:
    assert make_study(SimpleNamespace(config=document)).ask({}).params == {}


def test_a_parameter_the_config_does_not_know_is_drawn_from_what_is_asked_for() -> None:
    study = make_study(SimpleNamespace(config=config(ENDLESS)))
    foreign = {"x": optuna.distributions.FloatDistribution(5.0, 6.0)}
    assert all(5.0 <= study.ask(foreign).params["x"] <= 6.0 for _ in range(5))
