"""The same study behind `wandb sweep-scheduler`, driven by W&B's own optimizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from wandb.sdk.sweeps.run_state import RunState
from wandb.sdk.sweeps.scheduler.optimizer import Run, RunConfig, RunWithMetrics, make_optimizer
from wandb.sdk.sweeps.scheduler.optuna import OptunaOptimizer
from wandb.sdk.sweeps.sweep_info import SweepInfo

import rag_sweeps.search
from rag_sweeps.search import SearchSpace

PARAMETERS = {
    "golden_set": {"value": "g"},
    "retriever": {"values": ["bm25", "dense", "hybrid"]},
    "embedding_model": {"values": ["lsa-8", "lsa-16"]},
    "top_k": {"min": 1, "max": 2},
}
N_DISTINCT = 2 * (1 + 2 * 2)
SOURCE = "from rag_sweeps.search import make_study\n"


def optimizer(tmp_path: Path, parameters: dict[str, Any] = PARAMETERS, **more: Any) -> OptunaOptimizer:
    source = tmp_path / "search.py"
    source.write_text(SOURCE)
    config = {
        "method": "custom",
        "metric": {"name": "objective", "goal": "maximize"},
        "parameters": parameters,
        "scheduler": {"engine": "optuna", "source": str(source), "optimizer": "make_study"},
        **more,
    }
    made = make_optimizer(SweepInfo("id", "name", "entity", "project", config, "controller"))
    assert isinstance(made, OptunaOptimizer)
    return made


def ended(values: dict[str, Any], state: RunState = RunState.FINISHED, **metrics: float) -> RunWithMetrics:
    history = [{"_step": 0, **metrics}]
    return RunWithMetrics(RunConfig.from_values(values), state, "w", metrics, history)


def drive(search: OptunaOptimizer, *, at_once: int, most: int = 60, **metrics: float) -> list[dict[str, Any]]:
    """Run the scheduler's loop until it is told that nothing is left."""
    asked: list[dict[str, Any]] = []
    while len(asked) < most:
        suggestions = search.ask_n_runs(at_once)
        if not suggestions:
            return asked
        for suggestion in suggestions:
            values = suggestion.config.flat_dict()
            asked.append(values)
            failed = len(asked) % 4 == 3
            state = RunState.FAILED if failed else RunState.FINISHED
            search.tell_run(suggestion.run_id, ended(values, state, **({} if failed else metrics)))
    raise AssertionError(f"not exhausted after {most} trials")


@pytest.mark.parametrize("method", ["custom", "bayes", "random", "grid"])
@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_a_sweep_is_driven_until_it_is_exhausted(tmp_path: Path, method: str, at_once: int) -> None:
    search = optimizer(tmp_path, method=method)
    asked = drive(search, at_once=at_once, objective=0.5)
    space = SearchSpace(PARAMETERS)
    assert len({space.identity(values) for values in asked}) == len(asked) == N_DISTINCT
    assert all(values["golden_set"] == "g" for values in asked)
    assert [values["retriever"] for values in asked[:2]] == ["dense", "bm25"]


def test_a_space_of_the_baselines_alone_is_run(tmp_path: Path) -> None:
    parameters = {"golden_set": {"value": "g"}, "retriever": {"values": ["bm25", "dense"]}}
    asked = drive(optimizer(tmp_path, parameters), at_once=1, objective=0.5)
    assert {values["retriever"] for values in asked} == {"bm25", "dense"}


def test_two_metrics_are_two_directions(tmp_path: Path) -> None:
    metrics = [{"name": "mrr@10", "goal": "maximize"}, {"name": "index_bytes", "goal": "minimize"}]
    search = optimizer(tmp_path, metrics=metrics)
    assert [direction.name for direction in search.study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert len(drive(search, at_once=2, **{"mrr@10": 0.5, "index_bytes": 3.0})) == N_DISTINCT


def test_a_metric_without_a_goal_is_minimized_as_wandb_does(tmp_path: Path) -> None:
    search = optimizer(tmp_path, metric={"name": "objective"})
    assert [direction.name for direction in search.study.directions] == ["MINIMIZE"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"lr": {"min": 0.001, "max": 0.1}, "layers": {"values": [1, 2]}},
        {"retriever": {"values": ["mine", "yours"]}, "n": {"min": 1, "max": 30}},
        {"x": {"min": 0.0, "max": 1.0, "q": 0.05, "distribution": "q_uniform"}},
    ],
)
def test_foreign_parameters_work_without_a_golden_set(tmp_path: Path, parameters: dict[str, Any]) -> None:
    search, space = optimizer(tmp_path, parameters), SearchSpace(parameters)
    asked = []
    for _ in range(12):
        (suggestion,) = search.ask_n_runs(1)
        asked.append(suggestion.config.flat_dict())
        search.tell_run(suggestion.run_id, ended(asked[-1], objective=0.1 * len(asked)))
    assert all(space.contains(values) for values in asked)
    assert len({space.identity(values) for values in asked}) == 12


def test_a_finished_run_that_was_there_before_is_not_proposed_again(tmp_path: Path) -> None:
    search = optimizer(tmp_path)
    finished = {"golden_set": "g", "retriever": "hybrid", "embedding_model": "lsa-8", "top_k": 1}
    search.tell_existing_finished_run(ended(finished, objective=0.9))
    asked = drive(search, at_once=2, objective=0.5)
    assert finished not in asked
    assert len(asked) == N_DISTINCT - 1


def test_a_baseline_that_was_there_before_is_not_proposed_again(tmp_path: Path) -> None:
    first = drive(optimizer(tmp_path), at_once=1, objective=0.5)[0]
    search = optimizer(tmp_path)
    search.tell_existing_finished_run(ended(first, objective=0.9))
    asked = drive(search, at_once=2, objective=0.5)
    assert first not in asked
    assert len(asked) == N_DISTINCT - 1


def test_a_run_that_was_adopted_is_told_under_its_own_parameters(tmp_path: Path) -> None:
    # W&B enqueues the run and asks at once: whatever else waits in the study's queue would be taken for it.
    search = optimizer(tmp_path)
    running = {"golden_set": "g", "retriever": "hybrid", "embedding_model": "lsa-8", "top_k": 2}
    run_id = search.tell_existing_active_run(Run(RunConfig.from_values(running), RunState.RUNNING, "w"))
    assert search.study.trials[int(run_id)].params == running


def test_a_run_that_never_starts_does_not_stop_the_search(tmp_path: Path) -> None:
    search = optimizer(tmp_path)
    (first,) = search.ask_n_runs(1)
    search.forget_run(first.run_id)
    assert len(drive(search, at_once=1, objective=0.5)) == N_DISTINCT - 1


def test_the_package_exports_what_a_config_names() -> None:
    assert callable(rag_sweeps.search.make_study)


def test_the_shipped_file_is_one_that_the_scheduler_loads() -> None:
    source = str(Path(rag_sweeps.search.__file__).with_name("scheduler.py"))
    scheduler = {"engine": "optuna", "source": source, "optimizer": "make_study"}
    config = {"metric": {"name": "objective", "goal": "maximize"}, "parameters": PARAMETERS, "scheduler": scheduler}
    search = make_optimizer(SweepInfo("id", "name", "entity", "project", config, "controller"))
    assert isinstance(search, OptunaOptimizer)
    assert len(drive(search, at_once=2, objective=0.5)) == N_DISTINCT
