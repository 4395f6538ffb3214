"""Dollars to whole nano-dollars and back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_sweeps.errors import TrialError
from rag_sweeps.ledger.nano_dollars import MOST, nano_above, nano_below, nearest_nano, to_usd

NANO = Fraction(1, 10**9)


def test_a_decimal_fraction_is_what_it_looks_like() -> None:
    assert nano_above(0.1) == nano_below(0.1) == nearest_nano(0.1) == 100_000_000
    assert nano_above(0.1 + 0.2) == 300_000_000


def test_caps_round_down_and_worst_cases_up() -> None:
    assert (nano_below(1.9e-9), nano_above(1.1e-9), nearest_nano(1.5e-9), nearest_nano(2.5e-9)) == (1, 2, 2, 2)


@given(st.floats(0, 1e3))
def test_rounding_moves_a_price_by_less_than_a_nano_dollar(usd: float) -> None:
    exact, slack = Fraction(usd), NANO / 1000
    assert -slack <= nano_above(usd) * NANO - exact < NANO
    assert -slack <= exact - nano_below(usd) * NANO < NANO + slack
    assert abs(nearest_nano(usd) * NANO - exact) <= NANO / 2 + slack


@given(st.integers(0, 10**15))
def test_a_sum_comes_back_as_it_was(nano: int) -> None:
    assert nearest_nano(to_usd(nano)) == nano


def test_a_cap_without_end_is_the_largest_sum() -> None:
    assert nano_below(1e300) == nano_above(1e11) == MOST


@pytest.mark.parametrize("usd", [-1e-9, float("nan"), float("inf")])
def test_what_is_no_price_is_refused(usd: float) -> None:
    with pytest.raises(TrialError, match="is no price"):
        nano_above(usd)
