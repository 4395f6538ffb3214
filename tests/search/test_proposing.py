"""What the surrogate makes of a history: spread first, better than random, nothing twice, what is known is used."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from rag_sweeps.search import EarlierTrial, SearchSpace, add_earlier, make_study, repeats_on_server, space_of

pytestmark = pytest.mark.filterwarnings(
    "ignore:The distribution is specified by", "ignore:Choices for a categorical distribution"
)

MODELS = ["m0", "m1", "m2", "m3", "m4"]
FOREIGN: dict[str, Any] = {
    "model": {"values": MODELS},
    "mode": {"values": ["a", "b", "c"]},
    "size": {"values": [64, 128, 256, 384, 512]},
    "k": {"min": 1, "max": 8},
}
OURS: dict[str, Any] = {
    "golden_set": {"value": "g"},
    "retriever": {"values": ["bm25", "dense", "hybrid"]},
    "embedding_model": {"values": ["lsa-8", "lsa-16", "lsa-32", "all-MiniLM-L6-v2"]},
    "chunk_size": {"values": [64, 128, 256, 512]},
    "generator": {"value": "none"},
    "top_k": {"min": 1, "max": 10},
}


def study_of(parameters: dict[str, Any], seed: int = 0, **more: Any) -> tuple[optuna.Study, SearchSpace]:
    metric = {} if "metrics" in more else {"metric": {"name": "objective", "goal": "maximize"}}
    sweep = SimpleNamespace(config={"parameters": {**parameters, "seed": {"value": seed}}, **metric, **more})
    return make_study(sweep), space_of(sweep)


def landscape(seed: int) -> dict[tuple[Any, ...], float]:
    """Values of FOREIGN: an effect of each name, bumps over the numbers that depend on the model, and noise."""
    rng = random.Random(seed)
    models = {name: rng.gauss(0, 0.6) for name in MODELS}
    modes = {name: rng.gauss(0, 0.5) for name in "abc"}
    best_size, best_k = {name: rng.randrange(5) for name in MODELS}, rng.randint(1, 8)
    sizes = FOREIGN["size"]["values"]
    return {
        (model, mode, size, k): models[model]
        + modes[mode]
        - 0.1 * (sizes.index(size) - best_size[model]) ** 2
        - 0.02 * (k - best_k) ** 2
        + rng.gauss(0, 0.03)
        for model, mode, size, k in itertools.product(MODELS, "abc", sizes, range(1, 9))
    }


def found_after(n_trials: int, table: dict[tuple[Any, ...], float], *, seed: int, **more: Any) -> float:
    study, space = study_of(FOREIGN, seed, **more)
    for _ in range(n_trials):
        trial = study.ask(space.distributions)
        study.tell(trial, table[tuple(trial.params[name] for name in FOREIGN)])
    return study.best_value


def test_it_beats_random_by_far() -> None:
    regrets: dict[str, list[float]] = {"bayes": [], "random": []}
    for seed in range(8):
        table = landscape(seed)
        best, mean = max(table.values()), float(np.mean(list(table.values())))
        for method, found in regrets.items():
            found.append((best - found_after(20, table, seed=seed, method=method)) / (best - mean))
    assert np.mean(regrets["bayes"]) < 0.6 * np.mean(regrets["random"])


def test_untried_names_come_early_and_baselines_first() -> None:
    study, space = study_of(OURS)
    asked = []
    for _ in range(6):
        trial = study.ask(space.distributions)
        asked.append(trial.params)
        study.tell(trial, 0.5 if trial.params["embedding_model"] == "all-MiniLM-L6-v2" else 0.1)
    assert [params["retriever"] for params in asked[:2]] == ["dense", "bm25"]
    searched = [params["embedding_model"] for params in asked if params["retriever"] != "bm25"]
    assert set(searched) == set(OURS["embedding_model"]["values"])


@pytest.mark.parametrize("method", ["bayes", "random", "grid"])
def test_it_keeps_to_narrower_distributions(method: str) -> None:
    study, space = study_of(OURS, method=method)
    narrower = {
        "retriever": CategoricalDistribution(["hybrid", "dense"]),
        "embedding_model": CategoricalDistribution(["lsa-16", "lsa-32"]),
        "chunk_size": CategoricalDistribution([128]),
        "top_k": IntDistribution(3, 4),
    }
    asked = []
    for at in range(8):
        trial = study.ask(narrower)
        asked.append(trial.params)
        study.tell(trial, at / 10)
    assert all(
        each._contains(each.to_internal_repr(params[name])) for params in asked for name, each in narrower.items()
    )
    assert len({space.identity(params) for params in asked}) == 8


def test_narrower_floats_and_fewer_parameters_are_kept_to() -> None:
    study, _ = study_of({"x": {"min": 0.0, "max": 1.0}, "y": {"min": 1e-3, "max": 1.0}, "n": {"min": 1, "max": 50}})
    for at in range(6):
        trial = study.ask({"x": FloatDistribution(0.25, 0.3), "n": IntDistribution(10, 12)})
        study.tell(trial, at)
        assert 0.25 <= trial.params["x"] <= 0.3
        assert trial.params["n"] in (10, 11, 12)
        assert set(trial.params) == {"x", "n"}


def test_what_was_given_beforehand_is_kept() -> None:
    study, space = study_of(OURS)
    study.enqueue_trial({"retriever": "hybrid", "top_k": 7})
    params = study.ask(space.distributions).params
    assert (params["retriever"], params["top_k"]) == ("hybrid", 7)


def test_trials_asked_at_once_differ() -> None:
    study, space = study_of(FOREIGN)
    table = landscape(3)
    for _ in range(4):
        batch = [study.ask(space.distributions) for _ in range(5)]
        for trial in batch:
            study.tell(trial, table[tuple(trial.params[name] for name in FOREIGN)])
    assert len({space.identity(trial.params) for trial in study.get_trials()}) == 20


def test_pruned_trials_teach_and_names_that_fail_are_left() -> None:
    study, space = study_of(FOREIGN, seed=1)
    for _ in range(24):
        trial = study.ask(space.distributions)
        if trial.params["model"] == "m0":
            study.tell(trial, state=TrialState.FAIL)
        elif trial.params["model"] == "m1":
            trial.report(5.0, step=20)
            trial.report(0.0, step=40)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, 1.0 + trial.params["k"] / 8)
    late = [trial.params for trial in study.get_trials()[8:]]
    assert sum(params["model"] in ("m0", "m1") for params in late) <= 4
    assert sum(params["k"] >= 6 for params in late) > len(late) / 2


def reveal(study: optuna.Study, trial: optuna.Trial, value: Any) -> None:
    others = [{**trial.params, "top_k": k} for k in range(1, 11) if k != trial.params["top_k"]]
    trial.set_user_attr("revealed", [{"params": other, "value": value(other)} for other in others])
    study.tell(trial, value(trial.params))


def test_what_was_revealed_is_not_asked_unless_it_is_the_best() -> None:
    def value(params: dict[str, Any]) -> float:
        return params["chunk_size"] / 512 - 0.1 * abs(params["top_k"] - 9)

    study, space = study_of(OURS)
    revealed: dict[str, float] = {}
    best_known: list[bool] = []
    for at in range(12):
        trial = study.ask(space.distributions)
        identity = space.identity(trial.params)
        if at >= 2 and identity in revealed:  # the first two are the baselines
            best_known.append(revealed[identity] >= max(revealed.values()) - 1e-9)
        others = [{**trial.params, "top_k": k} for k in range(1, 11)]
        revealed |= {space.identity(other): value(other) for other in others}
        reveal(study, trial, value)
    assert all(best_known)
    assert study.best_params["top_k"] == 9
    assert study.best_params["chunk_size"] == 512


def test_a_sweep_on_the_same_golden_set_is_known_at_once() -> None:
    table = landscape(5)
    best = max(table, key=lambda key: table[key])
    earlier = [
        EarlierTrial(sweep="a", params=dict(zip(FOREIGN, key, strict=True)), values=[table[key]], same_task=True)
        for key in [*list(table)[::40], best]
    ]
    study, space = study_of(FOREIGN)
    add_earlier(study, earlier)
    first = study.ask(space.distributions)
    assert tuple(first.params[name] for name in FOREIGN) == best
    study.tell(first, table[best])
    known = {space.identity(trial.params) for trial in earlier}
    asked = [study.ask(space.distributions).params for _ in range(5)]
    assert not known & {space.identity(params) for params in asked}


def test_a_related_sweep_shows_where_to_look() -> None:
    def first_five(warm: bool, seed: int) -> float:
        table = landscape(seed)
        study, space = study_of(FOREIGN, seed)
        if warm:
            keys = random.Random(seed).sample(sorted(table), 30)
            add_earlier(
                study,
                # Another golden set: everything is lower and on another scale.
                [
                    EarlierTrial(
                        sweep="b",
                        params=dict(zip(FOREIGN, key, strict=True)),
                        values=[table[key] / 3 - 7],
                        same_task=False,
                    )
                    for key in keys
                ],
            )
        for _ in range(5):
            trial = study.ask(space.distributions)
            study.tell(trial, table[tuple(trial.params[name] for name in FOREIGN)])
        return max(table.values()) - study.best_value

    cold, warm = (np.mean([first_five(warm, seed) for seed in range(5)]) for warm in (False, True))
    assert warm < 0.7 * cold


def test_trials_of_a_related_sweep_are_not_tried() -> None:
    study, space = study_of({"size": {"values": [1, 2, 3]}})
    add_earlier(study, [EarlierTrial(sweep="b", params={"size": n}, values=[n], same_task=False) for n in (1, 2, 3)])
    asked = {study.ask(space.distributions).params["size"] for _ in range(3)}
    assert asked == {1, 2, 3}


def test_earlier_trials_may_hold_names_and_numbers_outside_the_space() -> None:
    study, space = study_of(FOREIGN)
    params = {"model": "gone", "mode": "a", "size": 100_000, "k": 3, "more": None}
    add_earlier(
        study,
        [
            EarlierTrial(sweep="b", params=params, values=[value], same_task=same)
            for value, same in ((1, True), (2, False))
        ],
    )
    assert space.contains(study.ask(space.distributions).params)


def test_two_objectives_find_the_front() -> None:
    parameters = {"a": {"values": list(range(8))}, "b": {"values": list(range(8))}, "c": {"values": ["x", "y", "z"]}}
    goals = [{"name": "q", "goal": "maximize"}, {"name": "cost", "goal": "minimize"}]
    study, space = study_of(parameters, metrics=goals)
    for _ in range(24):
        trial = study.ask(space.distributions)
        waste = 0.4 * abs(trial.params["b"] - 5) + 0.8 * (trial.params["c"] != "y")
        study.tell(trial, [trial.params["a"] - waste, trial.params["a"] + waste])
    assert len({space.identity(trial.params) for trial in study.get_trials()}) == 24
    on_the_true_front = [trial.params["a"] for trial in study.best_trials if trial.values[0] == trial.values[1]]
    assert len(on_the_true_front) >= 4


def test_a_list_of_numbers_is_ordered() -> None:
    sizes = [round(16 * 1.1**at) for at in range(60)]
    near = []
    for seed in range(6):
        study, space = study_of({"size": {"values": random.Random(seed).sample(sizes, 60)}}, seed)
        for _ in range(12):
            trial = study.ask(space.distributions)
            study.tell(trial, -abs(sizes.index(trial.params["size"]) - 41.0))
        near.append(-study.best_value)
    # Without an order, 12 of 60 come within 2 of the best in 70 % of all searches, and within 0 in 20 %.
    assert sum(distance == 0 for distance in near) >= 5


SCRIPT = """
import json, sys
from types import SimpleNamespace
from rag_sweeps.search import make_study, space_of
sweep = SimpleNamespace(config=json.loads(sys.argv[1]))
study, space = make_study(sweep), space_of(sweep)
asked = []
for _ in range(12):
    trial = study.ask(space.distributions)
    asked.append(trial.params)
    study.tell(trial, len(json.dumps(trial.params, sort_keys=True)) % 7 / 7 + trial.params["top_k"] / 20)
print(json.dumps(asked))
"""


def test_one_seed_is_one_order_in_every_process() -> None:
    document = {"parameters": {**OURS, "seed": {"value": 3}}, "metric": {"name": "o", "goal": "maximize"}}
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, json.dumps(document)],
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
            env={"PYTHONHASHSEED": str(at), "OMP_NUM_THREADS": str(at), "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for at in (1, 2)
    }
    assert len(outputs) == 1


def test_a_study_rebuilt_with_what_was_revealed_goes_on_as_the_original() -> None:
    study, space = study_of(OURS)
    for _ in range(5):
        reveal(study, study.ask(space.distributions), lambda params: params["top_k"] / 10 + params["chunk_size"] / 900)
    rebuilt, _ = study_of(OURS)
    for trial in study.get_trials():
        rebuilt.add_trial(
            create_trial(
                params=trial.params,
                distributions=space.distributions,
                values=trial.values,
                state=trial.state,
                user_attrs=trial.user_attrs,
            )
        )
    assert rebuilt.ask(space.distributions).params == study.ask(space.distributions).params


@pytest.mark.parametrize(
    ("parameters", "repeats"),
    [
        ({"a": {"values": ["x", "y", "z"]}, "n": {"min": 1, "max": 9}}, True),
        ({"a": {"values": ["x", "y"]}, "x": {"min": 0.0, "max": 1.0}}, False),
        ({"n": {"min": 1, "max": 100_000}}, False),
    ],
)
def test_where_the_server_would_repeat_itself(parameters: dict[str, Any], repeats: bool) -> None:
    assert (repeats_on_server(SearchSpace(parameters)) is not None) is repeats
