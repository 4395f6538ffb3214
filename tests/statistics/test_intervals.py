"""Intervals of means: the bootstrap's, and Gaffke's for scores that cannot leave [0, 1]."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples

from rag_sweeps.statistics import bootstrap_intervals, bounded_interval, is_share, mean_intervals

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


def binomial_tail(n: int, at_least: int, p: float) -> float:
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(at_least, n + 1))


def clopper_pearson(n: int, hits: int) -> tuple[float, float]:
    """By bisection on the exact binomial tails."""

    def solve(is_above: object) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if is_above(middle) else (middle, high)  # type: ignore[operator]
        return low

    lower = 0.0 if hits == 0 else solve(lambda p: binomial_tail(n, hits, p) > 0.025)
    upper = 1.0 if hits == n else solve(lambda p: 1 - binomial_tail(n, hits + 1, p) < 0.025)
    return lower, upper


@pytest.mark.parametrize(("n", "hits"), [(1, 1), (5, 0), (20, 20), (20, 3), (60, 59), (100, 50)])
def test_hits_and_misses_have_the_interval_of_clopper_and_pearson(n: int, hits: int) -> None:
    found = bounded_interval(np.array([1.0] * hits + [0.0] * (n - hits)))
    assert (found.mean, found.n) == (pytest.approx(hits / n), n)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(n, hits), abs=0.015)


def test_all_questions_right_is_no_certainty() -> None:
    found = mean_intervals({"hit_rate@5": np.ones(20)})["hit_rate@5"]
    assert found.high == 1.0
    # 20 of 20: 0.025 ** (1 / 20).
    assert found.low == pytest.approx(0.8316, abs=0.01)
    assert bootstrap_intervals({"hit_rate@5": np.ones(20)})["hit_rate@5"].low == 1.0


@examples(60)
@given(st.lists(st.floats(0, 1) | st.just(NAN), min_size=1, max_size=12))
def test_a_bounded_interval_holds_the_mean_and_stays_inside(values: list[float]) -> None:
    found = bounded_interval(np.array(values))
    defined = [value for value in values if not math.isnan(value)]
    assert found.n == len(defined)
    if defined:
        assert found.mean == pytest.approx(sum(defined) / len(defined))
        assert 0 <= found.low <= found.mean <= found.high <= 1


def test_a_bounded_interval_moves_and_stretches_with_its_range() -> None:
    scores = np.random.default_rng(3).random(30)
    plain, moved = bounded_interval(scores), bounded_interval(2 * scores - 0.5, low=-0.5, high=1.5)
    assert (moved.low, moved.high) == pytest.approx((2 * plain.low - 0.5, 2 * plain.high - 0.5))


def test_scores_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"leave \[0.0, 1.0\]"):
        bounded_interval(np.array([0.5, 1.5]))


@pytest.mark.parametrize(
    ("draw", "truth"),
    [([1.0, 0.0], 0.97), ([1.0, 0.5, 0.0], 0.945)],
    ids=["hits", "reciprocal ranks"],
)
def test_near_the_ceiling_gaffke_covers_where_the_bootstrap_does_not(draw: list[float], truth: float) -> None:
    rng = np.random.default_rng(12)
    chances = [0.97, 0.03] if len(draw) == 2 else [0.93, 0.03, 0.04]
    samples = [rng.choice(draw, 25, p=chances) for _ in range(300)]
    bounded = sum(bounded_interval(each).low <= truth <= bounded_interval(each).high for each in samples)
    resampled = bootstrap_intervals({str(at): each for at, each in enumerate(samples)})
    covering = sum(each.low <= truth <= each.high for each in resampled.values())
    assert bounded / 300 >= 0.95
    assert covering / 300 < 0.9


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("mrr@10", True),
        ("hit_rate@top_k", True),
        ("answer_score", True),
        ("char_iou@5", True),
        ("context_tokens_per_question", False),
        ("objective", False),
        ("usd_per_1k_questions", False),
        ("answer_ms_p95", False),
        ("n_chunks", False),
    ],
)
def test_a_name_with_a_unit_is_no_share(name: str, share: bool) -> None:
    assert is_share(name) is share


def test_a_cost_has_the_interval_of_the_bootstrap_though_its_values_are_small() -> None:
    costs = np.array([0.1, 0.2, 0.3, 0.4])
    found = mean_intervals({"usd_per_question": costs, "mrr@10": costs})
    assert found["usd_per_question"] == bootstrap_intervals({"x": costs})["x"]
    assert found["mrr@10"] == bounded_interval(costs)
