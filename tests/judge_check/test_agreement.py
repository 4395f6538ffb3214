"""Kappa, base rate and bias: by hand, and beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from rag_sweeps.judge_check.agreement import compare_grades, confusion, estimate_kappa, weighted_kappa

LEVELS = np.array([0.0, 1 / 3, 2 / 3, 1.0])
STEP = 1 / 3


def test_kappa_by_hand() -> None:
    # Two grades, 10 answers: agree on 4 and 3, disagree on 1 and 2. po = .7, pe = .5 * .6 + .5 * .4 = .5.
    assert weighted_kappa(np.array([[4, 1], [2, 3]])) == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(10))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    human = random.integers(0, 4, 60)
    judge = np.where(random.random(60) < 0.6, human, random.integers(0, 4, 60))
    table = confusion(LEVELS[human], LEVELS[judge], LEVELS)
    assert weighted_kappa(table) == pytest.approx(cohen_kappa_score(human, judge, weights="quadratic"))


def test_agreement_without_a_single_error_still_has_a_width() -> None:
    estimate = estimate_kappa(np.diag([10, 10, 10, 10]), seed=0)
    assert estimate.value == 1.0
    assert estimate.high == 1.0
    assert 0.7 < estimate.low < 0.999


def test_more_answers_narrow_the_interval() -> None:
    table = np.array([[8, 2], [3, 7]])
    few, many = estimate_kappa(table, seed=0), estimate_kappa(table * 20, seed=0)
    assert few.value == pytest.approx(many.value)
    assert many.high - many.low < (few.high - few.low) / 3


def test_the_interval_covers_what_resampling_the_answers_gives() -> None:
    random = np.random.default_rng(0)
    human = random.integers(0, 4, 300)
    judge = np.where(random.random(300) < 0.5, human, random.integers(0, 4, 300))
    estimate = estimate_kappa(confusion(LEVELS[human], LEVELS[judge], LEVELS), seed=1)
    naive = []
    for _ in range(300):
        drawn = random.integers(0, 300, 300)
        naive.append(cohen_kappa_score(human[drawn], judge[drawn], weights="quadratic"))
    low, high = np.quantile(naive, [0.025, 0.975])
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.04)


def test_where_everybody_gives_one_grade_kappa_is_not_defined() -> None:
    ones = np.ones(5)
    agreement = compare_grades(ones, ones, LEVELS, step=STEP, seed=0)
    assert np.isnan(agreement.kappa.value)
    assert agreement.base_rate == 1.0
    assert agreement.identical.value == 1.0
    assert agreement.identical.low < 0.7


def test_bias_and_shares_by_hand() -> None:
    human = np.array([0.0, 0.0, 1.0, 1 / 3, np.nan, 1.0])
    judge = np.array([0.0, 1 / 3, 1.0, 2 / 3, 1.0, np.nan])
    agreement = compare_grades(human, judge, LEVELS, step=STEP, seed=0)
    assert agreement.bias.value == pytest.approx((0 + 1 / 3 + 0 + 1 / 3) / 4)
    assert agreement.bias.n == 4
    assert agreement.identical.value == 0.5
    assert agreement.n_unscored == 1
    assert agreement.base_rate == pytest.approx(2 / 5)
    assert agreement.human_mean == pytest.approx(1 / 3)
    assert agreement.judge_mean == pytest.approx(0.5)


def test_the_mean_of_a_panel_counts_as_the_nearest_grade() -> None:
    assert confusion(np.array([1.0]), np.array([0.9]), LEVELS)[3, 3] == 1


def test_scores_that_are_no_grades_have_a_bias_and_no_kappa() -> None:
    agreement = compare_grades(np.array([0.0, 1.0]), np.array([0.25, 0.75]), None, step=STEP, seed=0)
    assert agreement.kappa.n == 0
    assert agreement.bias.n == 2


def test_nothing_labelled_is_an_error() -> None:
    with pytest.raises(ValueError, match="labelled"):
        compare_grades(np.array([np.nan]), np.array([1.0]), LEVELS, step=STEP, seed=0)
