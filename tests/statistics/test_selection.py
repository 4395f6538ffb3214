"""The best of many looks better than it is, by about as much as resampling says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag_sweeps.statistics import expected_optimism


def test_one_configuration_was_not_chosen() -> None:
    assert expected_optimism(np.random.default_rng(0).random((30, 1))) == 0


def test_no_questions_are_no_estimate() -> None:
    assert math.isnan(expected_optimism(np.zeros((0, 3))))


def test_a_clear_winner_owes_nothing_to_luck() -> None:
    scores = np.random.default_rng(0).random((50, 3)) * 0.1
    scores[:, 1] += 0.8
    assert expected_optimism(scores) == pytest.approx(0.0, abs=2e-3)


def test_the_estimate_is_near_the_truth_and_grows_with_the_number_tried() -> None:
    rng = np.random.default_rng(3)
    found = {}
    for n_configurations in (4, 40):
        estimates, truths = [], []
        for _ in range(60):
            true_means = rng.normal(0.5, 0.02, n_configurations)
            scores = true_means + rng.normal(0, 0.25, (80, n_configurations))
            estimates.append(expected_optimism(scores))
            best = scores.mean(axis=0).argmax()
            truths.append(scores[:, best].mean() - true_means[best])
        found[n_configurations] = float(np.mean(estimates))
        assert 0.5 * np.mean(truths) < np.mean(estimates) < 1.5 * np.mean(truths)
    assert found[4] < found[40]
