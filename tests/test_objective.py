"""What a sweep optimises: a metric, or quality minus weighted cost, question by question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import make_params

from rag_sweeps.errors import TrialError
from rag_sweeps.golden import GoldenSet
from rag_sweeps.objective import is_figure, metric_interval, objective_range, per_question, scalars, with_objective
from rag_sweeps.records import TrialResult
from rag_sweeps.statistics import mean_intervals
from rag_sweeps.trial import run_trial


@pytest.fixture
def result(golden: GoldenSet) -> TrialResult:
    scores = {
        "mrr@10": np.array([1.0, 0.5, 0.25, 0.0, 1.0, 1.0, 0.5, np.nan]),
        "context_tokens_per_question": np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]),
    }
    measured = run_trial(make_params(retriever="bm25"), golden)
    return replace(measured, per_question=scores, metrics=mean_intervals(scores))


def settings(
    quality: str = "mrr@10", cost: str = "context_tokens_per_question", weight: object = 0.01
) -> dict[str, object]:
    return {"quality_metric": quality, "cost_metric": cost, "cost_weight": weight}


def test_the_objective_is_quality_minus_weighted_cost_of_each_question(result: TrialResult) -> None:
    scored = with_objective(result, settings())
    assert scored.per_question["objective"] == pytest.approx(
        [0.9, 0.3, -0.05, -0.4, 0.5, 0.4, -0.2, np.nan], nan_ok=True
    )
    interval = scored.metrics["objective"]
    assert interval.mean == pytest.approx(1.45 / 7)
    assert interval.n == 7
    assert interval.low < interval.mean < interval.high


@pytest.mark.parametrize("weight", [0, 0.0, "0"])
def test_without_a_weight_the_objective_is_the_quality(result: TrialResult, weight: object) -> None:
    scored = with_objective(result, settings(weight=weight))
    assert scored.per_question["objective"].tolist()[:7] == result.per_question["mrr@10"].tolist()[:7]
    assert scored.metrics["objective"] == scored.metrics["mrr@10"]


def test_without_a_weight_the_cost_need_not_be_measured(result: TrialResult) -> None:
    assert with_objective(result, settings(cost="nothing", weight=0.0)).metrics["objective"].n == 7


def test_a_cost_of_the_whole_trial_stands_for_every_question(result: TrialResult) -> None:
    n_chunks = result.n_chunks
    scored = with_objective(result, settings(cost="n_chunks", weight=0.5))
    assert scored.per_question["objective"][0] == 1.0 - 0.5 * n_chunks
    assert per_question(result, "n_chunks").tolist() == [n_chunks] * 8


def test_the_result_itself_is_left_alone(result: TrialResult) -> None:
    with_objective(result, settings())
    assert "objective" not in result.per_question
    assert "objective" not in result.metrics


def test_another_objective_takes_the_place_of_the_first(result: TrialResult) -> None:
    first = with_objective(result, settings())
    again = with_objective(first, settings(weight=0.0))
    assert again.per_question["objective"].tolist()[:7] == result.per_question["mrr@10"].tolist()[:7]


@pytest.mark.parametrize("bad", [{"quality": "answer_score"}, {"cost": "usd_of_nothing"}])
def test_a_metric_that_was_not_measured_is_named_with_those_that_were(result: TrialResult, bad: dict[str, str]) -> None:
    with pytest.raises(TrialError, match=rf"'{next(iter(bad.values()))}' was not measured.*mrr@10"):
        with_objective(result, settings(**bad))  # type: ignore[arg-type]


def test_an_objective_is_bounded_by_its_quality_and_costs(result: TrialResult) -> None:
    perfect = replace(result, per_question={**result.per_question, "mrr@10": np.ones(8)})
    found = with_objective(perfect, settings()).metrics["objective"]
    assert found.high <= 1 - 0.01 * 10
    # Eight of eight right leave room for a miss: the interval reaches further down than any score seen.
    assert found.low < 1 - 0.01 * 80
    assert objective_range(np.array([10.0, np.nan, 80.0]), weight=0.01) == pytest.approx((-0.8, 0.9))


def test_a_figure_of_the_trial_is_told_from_a_metric_of_its_questions(result: TrialResult) -> None:
    assert is_figure(result, "index_bytes")
    assert not is_figure(result, "context_tokens_per_question")


def test_a_scalar_is_its_own_interval(result: TrialResult) -> None:
    interval = metric_interval(result, "index_bytes")
    assert interval.mean == interval.low == interval.high == result.costs.index_bytes


def test_a_measured_metric_has_the_interval_that_was_measured(result: TrialResult) -> None:
    assert metric_interval(result, "mrr@10") is result.metrics["mrr@10"]


def test_scalars_are_the_numbers_of_the_trial(result: TrialResult) -> None:
    found = scalars(replace(result, n_failed=2, n_unscored=1, truncated_share=0.25))
    assert (found["n_failed"], found["n_unscored"], found["truncated_share"]) == (2.0, 1.0, 0.25)
    assert {"usd_to_index", "usd_per_1k_questions", "embed_seconds", "index_bytes", "search_ms_p95"} <= set(found)
    assert "usd" not in found
    assert all(type(value) is float for value in found.values())
