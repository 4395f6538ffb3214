"""Differences question by question, their tests and their correction."""

from __future__ import annotations

import math

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples

from rag_sweeps.statistics import Comparison, PairedDifference, compared, holm, paired_difference, paired_differences

NAN = math.nan


def test_a_difference_is_first_minus_second_and_swapping_changes_its_sign() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.random(40) + 0.2, rng.random(40)
    there, back = paired_difference(first, second), paired_difference(second, first)
    assert there.mean == pytest.approx(float(np.mean(first) - np.mean(second)))
    assert there.low < there.mean < there.high
    assert back.p == pytest.approx(there.p, abs=0.01)
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low))


def test_only_questions_defined_on_both_sides_count() -> None:
    difference = paired_difference(np.array([1, NAN, 0.5, NAN]), np.array([0, 0.2, NAN, NAN]))
    assert (difference.n, difference.mean) == (1, 1.0)


def test_nothing_defined_on_both_sides_is_n_zero_and_no_finding() -> None:
    difference = paired_difference(np.array([1, NAN]), np.array([NAN, 0]))
    assert difference.n == 0
    assert math.isnan(difference.mean)
    assert not difference.p < 0.05


def test_p_is_uniform_where_nothing_differs() -> None:
    rng = np.random.default_rng(5)
    p = np.sort([paired_difference(rng.random(30), rng.random(30)).p for _ in range(200)])
    distance = max(abs(value - (i + 0.5) / 200) for i, value in enumerate(p))
    assert distance < 0.115  # Kolmogorov and Smirnov at 1 %


def test_paired_differences_repeat_for_a_seed() -> None:
    first, second = np.random.default_rng(0).random((2, 20))
    assert paired_difference(first, second, seed=1) == paired_difference(first, second, seed=1)
    assert paired_difference(first, second, seed=1) != paired_difference(first, second, seed=2)


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.6])).tolist() == pytest.approx([1.0, 1.0])
    assert holm(np.zeros(0)).tolist() == []


@examples(200)
@given(st.lists(st.sampled_from([0.001, 0.01, 0.02, 0.2, 1.0]) | st.floats(0, 1), max_size=8))
def test_holm_equals_stepping_down(p_values: list[float]) -> None:
    assert holm(np.array(p_values)).tolist() == pytest.approx(oracles.holm(p_values))


def test_holm_does_not_count_what_was_not_tested() -> None:
    adjusted = holm(np.array([0.02, NAN, 0.03]))
    assert adjusted[[0, 2]].tolist() == pytest.approx([0.04, 0.04])
    assert math.isnan(adjusted[1])


def test_many_against_one_are_the_pairs_one_by_one() -> None:
    first, second, third = np.random.default_rng(6).random((3, 30))
    for found, one in zip(paired_differences([first, second], third), (first, second), strict=True):
        alone = paired_difference(one, third)
        assert (found.mean, found.low, found.high) == pytest.approx((alone.mean, alone.low, alone.high))
        assert (found.p, found.n) == (alone.p, alone.n)


def difference(mean: float, p: float, *, low: float = -1.0, high: float = 1.0) -> PairedDifference:
    return PairedDifference(mean, low, high, p, 30)


def test_the_test_decides_and_not_the_interval() -> None:
    assert Comparison(difference(0.1, 0.001), 0.02).finding == "better"
    assert Comparison(difference(-0.1, 0.001), 0.02).finding == "worse"
    assert Comparison(difference(0.1, 0.001, low=0.05, high=0.2), 0.06).finding == "not proven different"
    assert Comparison(difference(0.1, NAN), NAN).finding == "not tested"


def test_compared_corrects_over_all_of_them() -> None:
    found = compared([difference(0.1, 0.01), difference(0.1, 0.04)])
    assert [each.p_adjusted for each in found] == pytest.approx([0.02, 0.04])
