"""Intervals keep a width where no error was seen, and cover what they should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from rag_sweeps.judge_check.correction import correct_mean
from rag_sweeps.judge_check.estimates import estimate_mean, estimate_share


@pytest.mark.parametrize(("count", "n"), [(0, 48), (48, 48), (1, 48), (7, 20), (1, 1)])
def test_a_share_has_wilsons_interval(count: int, n: int) -> None:
    estimate, oracle = estimate_share(count, n), binomtest(count, n).proportion_ci(method="wilson")
    assert estimate.value == pytest.approx(count / n)
    assert (estimate.low, estimate.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
    assert estimate.low < estimate.high


def test_a_share_of_nothing_is_not_defined() -> None:
    assert estimate_share(0, 0).n == 0


def test_a_mean_of_equal_values_keeps_a_width() -> None:
    estimate = estimate_mean(np.full(50, 0.2), step=1 / 3)
    assert estimate.value == pytest.approx(0.2)
    assert estimate.high - estimate.value == pytest.approx(1.96 / 3 / 50, rel=1e-3)


def test_a_mean_of_many_values_has_the_usual_interval() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 1000)
    estimate = estimate_mean(np.append(values, np.nan), step=0.1)
    assert estimate.n == 1000
    assert estimate.high - estimate.value == pytest.approx(1.96 * values.std() / np.sqrt(1000), rel=0.01)


def test_a_corrected_mean_by_hand() -> None:
    # The judge gives .2 more than people on every labelled answer.
    human = np.array([0.0, 0.4, 0.8])
    estimate = correct_mean(np.array([0.5, 0.7, np.nan]), human + 0.2, human, step=0.1)
    assert estimate.value == pytest.approx(0.4)
    assert estimate.n == 2


def test_a_corrected_mean_covers_the_truth_where_the_judged_mean_does_not() -> None:
    random, covered, missed = np.random.default_rng(1), 0, 0
    for _ in range(200):
        truth = random.random(400) < 0.6
        judged = np.where(truth, random.random(400) < 0.95, random.random(400) < 0.4).astype(float)
        labelled = slice(0, 100)
        estimate = correct_mean(judged[100:], judged[labelled], truth[labelled].astype(float), step=1.0)
        covered += estimate.low <= 0.6 <= estimate.high
        half = 1.96 * judged.std() / np.sqrt(300)
        missed += abs(judged[100:].mean() - 0.6) > half
    assert covered >= 180
    assert missed >= 180


def test_without_labels_there_is_no_corrected_mean() -> None:
    assert correct_mean(np.array([0.5]), np.array([np.nan]), np.array([1.0]), step=0.1).n == 0
