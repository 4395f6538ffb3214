"""The sign-flip test counts patterns of signs, so p has no smallest value that a correction could not pass."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import examples

from rag_sweeps.statistics import sign_flip_p


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
    actual = sign_flip_p(np.array([float(d) for d in differences]))
    assert actual == pytest.approx(expected, rel=1e-9)


def test_p_of_twelve_questions_that_all_improve() -> None:
    # Two of 4,096 patterns are as extreme.
    assert sign_flip_p(np.full(12, 0.2)) == pytest.approx(2 / 4096)


def test_p_is_never_zero_and_one_for_equal_scores() -> None:
    assert 0 < sign_flip_p(np.ones(5_000)) < 1e-100
    assert sign_flip_p(np.zeros(9)) == 1
    assert sign_flip_p(np.zeros(0)) == 1


def test_p_is_small_enough_for_six_hundred_configurations() -> None:
    # All of 20 questions improve: 2 of 2^20 patterns, far below .05 / 600.
    assert sign_flip_p(np.full(20, 0.1)) == pytest.approx(2 / 2**20)


def test_undefined_and_zero_differences_change_nothing() -> None:
    some = np.array([0.5, 0.25, -0.1, 0.7])
    assert sign_flip_p(np.array([0.0, math.nan, *some, 0.0])) == sign_flip_p(some)


def test_p_has_no_side_and_no_unit() -> None:
    differences = np.random.default_rng(1).normal(0.1, 0.4, 50)
    assert sign_flip_p(-differences) == pytest.approx(sign_flip_p(differences))
    assert sign_flip_p(1000 * differences) == pytest.approx(sign_flip_p(differences))


@pytest.mark.parametrize("n", [300, 600])
def test_counted_and_normal_p_agree_with_drawn_signs(n: int) -> None:
    rng = np.random.default_rng(n)
    differences = rng.choice([0.0, 1.0, -1.0, 0.5, -0.25], n) + rng.normal(0.03, 0.1, n)
    drawn = rng.choice([-1.0, 1.0], (20_000, n)) @ differences
    expected = float((np.abs(drawn) >= abs(differences.sum())).mean())
    assert sign_flip_p(differences) == pytest.approx(expected, abs=0.02)


def test_the_normal_tail_is_near_the_counted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    for shift in (0.05, 0.1, 0.15):
        differences = rng.choice([0.0, 1.0, -1.0, 0.5], 390) + shift
        counted = sign_flip_p(differences)
        monkeypatch.setattr("rag_sweeps.statistics.sign_flips.MOST_COUNTED", 0)
        assert sign_flip_p(differences) == pytest.approx(counted, rel=0.4)
        monkeypatch.undo()
