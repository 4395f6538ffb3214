"""Repeats, resolution and sensitivity: by hand, and against simulated judges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag_sweeps.judge_check.consistency import measure_consistency, resolve
from rag_sweeps.judge_check.sensitivity import measure_sensitivity

STEP = 1 / 3


def test_consistency_by_hand() -> None:
    scores = np.array([[1.0, 0.0, np.nan, 1.0], [1.0, 1 / 3, np.nan, np.nan], [1.0, 1 / 3, 1.0, 1.0]])
    found = measure_consistency(scores, step=STEP)
    assert (found.identical.value, found.identical.n) == (pytest.approx(2 / 3), 3)
    assert found.n_unscored == 3
    variance = np.var([0, 1 / 3, 1 / 3], ddof=1)
    assert found.sd == pytest.approx(math.sqrt(variance / 3))
    assert found.cautious_sd == pytest.approx(math.sqrt((variance + STEP**2 / 2) / 4))


def test_a_judge_that_never_changed_its_mind_is_not_said_to_have_no_noise() -> None:
    found = measure_consistency(np.ones((3, 60)), step=STEP)
    assert found.sd == 0.0
    assert found.cautious_sd > 0.0
    assert found.identical.low < 1.0


def test_the_sd_is_that_of_the_noise_that_was_put_in() -> None:
    random = np.random.default_rng(0)
    scores = random.random(4000) + random.normal(0, 0.07, (3, 4000))
    assert measure_consistency(scores, step=STEP).sd == pytest.approx(0.07, rel=0.05)


def test_nothing_scored_twice_says_nothing() -> None:
    found = measure_consistency(np.full((2, 3), np.nan), step=STEP)
    assert found.identical.n == 0
    assert math.isnan(resolve(found.cautious_sd, n_questions=10, differences=(0.1,)).smallest)


def test_resolution_by_hand() -> None:
    # (1.96 + .8416) * .1 * sqrt(2 / 200) = .0280; for .01: 2 * (2.8016 * .1 / .01)^2 = 1569.8 questions.
    found = resolve(0.1, n_questions=200, differences=(0.01, 0.05))
    assert found.smallest == pytest.approx(0.0280, abs=1e-4)
    assert found.needed == {0.01: 1570, 0.05: 63}


def test_a_difference_of_the_smallest_size_is_found_four_times_in_five() -> None:
    random, sd, n = np.random.default_rng(0), 0.1, 100
    smallest = resolve(sd, n_questions=n, differences=()).smallest
    first, second = (random.normal(mean, sd, (2000, n)) for mean in (smallest, 0.0))
    z = (first - second).mean(axis=1) / (sd * math.sqrt(2 / n))
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.04)


def test_a_shift_is_told_from_noise() -> None:
    random = np.random.default_rng(0)
    before = random.integers(0, 4, 80) / 3
    raised = np.minimum(before + STEP * (random.random(80) < 0.3), 1.0)
    found = measure_sensitivity(before, raised, before, step=STEP, seed=0)
    assert found.matters
    assert found.shift.low > 0
    assert found.changed_by_repeating.value == 0.0
    unmoved = measure_sensitivity(before, before, None, step=STEP, seed=0)
    assert not unmoved.matters
    assert unmoved.shift.low < 0 < unmoved.shift.high
    assert unmoved.changed_by_repeating.n == 0


def test_what_a_change_adds_to_one_score_by_hand() -> None:
    # Changes of +.1, +.3 and +.2 lie -.1, +.1 and 0 from their mean; one more of a step; half of it is of one score.
    before = np.array([0.1, 0.2, 0.3, np.nan])
    found = measure_sensitivity(before, before + np.array([0.1, 0.3, 0.2, 0.0]), None, step=0.1, seed=0)
    assert found.cautious_sd == pytest.approx(math.sqrt((0.02 + 0.01) / 4 / 2))


def test_changes_are_counted_where_both_scores_came() -> None:
    before, after = np.array([1.0, 0.0, np.nan, 1.0]), np.array([1.0, STEP, 1.0, np.nan])
    found = measure_sensitivity(before, after, None, step=STEP, seed=0)
    assert (found.changed.value, found.changed.n) == (0.5, 2)
