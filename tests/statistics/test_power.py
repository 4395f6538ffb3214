"""What a number of questions can show."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag_sweeps.statistics import questions_needed, sign_flip_p, smallest_detectable_difference


def test_the_smallest_detectable_difference_by_hand() -> None:
    # sd of (0, 0, 1, 1) is sqrt(1/3) with n - 1 below.
    expected = (1.959964 + 0.841621) * math.sqrt(1 / 3) / 2
    assert smallest_detectable_difference(np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(expected, rel=1e-6)
    more = (1.959964 + 1.281552) * math.sqrt(1 / 3) / 2
    assert smallest_detectable_difference(np.array([0.0, 0.0, 1.0, 1.0]), power=0.9) == pytest.approx(more, rel=1e-6)


def test_too_few_questions_detect_nothing() -> None:
    assert math.isnan(smallest_detectable_difference(np.array([0.4])))
    assert math.isnan(smallest_detectable_difference(np.zeros(0)))


def test_a_detectable_difference_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(8)
    noise = rng.normal(0, 0.3, (200, 60))
    shift = smallest_detectable_difference(rng.normal(0, 0.3, 100_000)) * math.sqrt(100_000 / 60)
    found = sum(sign_flip_p(row + shift) < 0.05 for row in noise)
    assert 0.72 <= found / 200 <= 0.88


def test_the_questions_a_lead_needs_by_hand() -> None:
    # mean 0.5, sd sqrt(1/3): (2.801585 * 0.57735 / 0.5) ** 2 = 10.47.
    assert questions_needed(np.array([0.0, 0.0, 1.0, 1.0])) == 11
    assert questions_needed(np.array([0.2, 0.2, 0.2])) == 2


def test_no_lead_needs_no_number_of_questions() -> None:
    assert questions_needed(np.array([0.5, -0.5])) is None
    assert questions_needed(np.array([0.5])) is None


def test_a_lead_equal_to_the_detectable_difference_needs_the_questions_there_are() -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, 80)
    noise += smallest_detectable_difference(noise) - noise.mean()
    assert questions_needed(noise) in (80, 81)
