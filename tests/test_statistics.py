from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples

from rag_sweeps.statistics import (
    bootstrap_intervals,
    holm,
    paired_difference,
    smallest_detectable_difference,
)

NAN = math.nan


@examples(60)
@given(st.lists(st.lists(st.floats(0, 1) | st.just(NAN), min_size=6, max_size=6), min_size=1, max_size=4))
def test_mean_and_n_are_those_of_the_defined_questions(rows: list[list[float]]) -> None:
    intervals = bootstrap_intervals({str(i): np.array(row) for i, row in enumerate(rows)})
    assert list(intervals) == [str(i) for i in range(len(rows))]
    for i, row in enumerate(rows):
        defined = [value for value in row if not math.isnan(value)]
        interval = intervals[str(i)]
        assert interval.n == len(defined)
        if not defined:
            assert math.isnan(interval.mean)
            assert math.isnan(interval.low)
            assert math.isnan(interval.high)
            continue
        assert interval.mean == pytest.approx(sum(defined) / len(defined))
        slack = 1e-12
        assert min(defined) - slack <= interval.low <= interval.high <= max(defined) + slack


def test_the_interval_contains_the_mean() -> None:
    scores = {str(i): np.random.default_rng(i).random(30) for i in range(20)}
    for interval in bootstrap_intervals(scores).values():
        assert interval.low < interval.mean < interval.high


def test_equal_scores_have_an_interval_without_width() -> None:
    interval = bootstrap_intervals({"m": np.array([0.25] * 7 + [NAN])})["m"]
    assert (interval.mean, interval.low, interval.high, interval.n) == (0.25, 0.25, 0.25, 7)


def test_one_question_has_an_interval_without_width() -> None:
    interval = bootstrap_intervals({"m": np.array([0.4])})["m"]
    assert (interval.low, interval.high) == pytest.approx((0.4, 0.4))


def test_no_metrics_and_no_questions_have_no_intervals() -> None:
    assert bootstrap_intervals({}) == {}
    assert bootstrap_intervals({"m": np.zeros(0)})["m"].n == 0


def test_intervals_repeat_for_a_seed_and_not_for_another() -> None:
    scores = {"m": np.random.default_rng(0).random(25)}
    assert bootstrap_intervals(scores, seed=3) == bootstrap_intervals(scores, seed=3)
    assert bootstrap_intervals(scores, seed=3) != bootstrap_intervals(scores, seed=4)


def test_metrics_share_their_resamples() -> None:
    scores = np.random.default_rng(0).random(25)
    intervals = bootstrap_intervals({"a": scores, "b": scores + 1})
    assert intervals["b"].low == pytest.approx(intervals["a"].low + 1)
    assert intervals["b"].high == pytest.approx(intervals["a"].high + 1)


def test_the_bounds_are_the_2_5_and_97_5_percentiles_of_all_resamples() -> None:
    # Three questions have 27 equally likely resamples; (0, 0, 0) and (1, 1, 1) hold 3.7 % each.
    interval = bootstrap_intervals({"m": np.array([0.0, 0.5, 1.0])})["m"]
    assert (interval.low, interval.high) == pytest.approx((0.0, 1.0))
    # Of four, (0, 0, 0, 0) has 1/256 and three zeros 12/256 more: the 2.5th percentile is the next mean.
    interval = bootstrap_intervals({"m": np.array([0.0, 1.0, 1.0, 1.0])})["m"]
    assert (interval.low, interval.high) == pytest.approx((0.25, 1.0))


@pytest.mark.parametrize("draw", ["normal", "bernoulli"])
def test_intervals_cover_the_true_mean_as_often_as_they_say(draw: str) -> None:
    rng = np.random.default_rng(11)
    samples = rng.normal(0.5, 0.2, (300, 80)) if draw == "normal" else (rng.random((300, 80)) < 0.7).astype(float)
    truth = 0.5 if draw == "normal" else 0.7
    intervals = bootstrap_intervals({str(i): sample for i, sample in enumerate(samples)})
    covering = sum(interval.low <= truth <= interval.high for interval in intervals.values())
    assert 0.91 <= covering / 300 <= 0.985


def exact_p(differences: list[Fraction]) -> float:
    """Every pattern of signs, counted in exact arithmetic."""
    observed = abs(sum(differences, Fraction(0)))
    totals = [
        abs(sum((s * d for s, d in zip(signs, differences, strict=True)), Fraction(0)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    return sum(total >= observed for total in totals) / len(totals)


@examples(40)
@given(st.lists(st.integers(-10, 10), min_size=1, max_size=9), st.sampled_from([1, 3, 7, 10]))
def test_p_equals_the_count_of_every_sign_pattern(numerators: list[int], denominator: int) -> None:
    differences = [Fraction(n, denominator) for n in numerators]
    expected = exact_p(differences)
    first = np.array([float(d) for d in differences])
    actual = paired_difference(first, np.zeros(len(first))).p
    assert actual == pytest.approx(expected, abs=5 * math.sqrt(expected * (1 - expected) / 10_000) + 2e-4)


def test_p_of_twelve_questions_that_all_improve() -> None:
    # Two of 4,096 patterns are as extreme.
    assert paired_difference(np.full(12, 0.3), np.full(12, 0.1)).p == pytest.approx(2 / 4096, abs=1.2e-3)


def test_p_is_never_zero_and_one_for_equal_scores() -> None:
    assert paired_difference(np.ones(200), np.zeros(200)).p == pytest.approx(1 / 10_001)
    assert paired_difference(np.full(9, 0.3), np.full(9, 0.3)).p == 1


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
    found = sum(paired_difference(row + shift, np.zeros(60)).p < 0.05 for row in noise)
    assert 0.72 <= found / 200 <= 0.88
