"""Dollars per provider and purpose; what has no price is refused, not free."""

from __future__ import annotations

import pytest

from rag_sweeps.costs import total_usd, usd_by_provider, usd_of
from rag_sweeps.errors import InputError
from rag_sweeps.records import Purpose, Usage


def usage(provider: str = "local", purpose: Purpose = "embed", n_tokens: int = 10) -> Usage:
    return Usage(provider, "some-model", purpose, n_tokens)


def test_a_model_on_this_machine_costs_nothing() -> None:
    assert usd_of(usage(n_tokens=10**12)) == 0.0


def test_a_provider_without_a_price_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"no price for 'openai:some-model'"):
        usd_of(usage("openai"))


def test_dollars_stand_under_provider_and_purpose() -> None:
    assert usd_by_provider([usage(), usage(), usage(purpose="judge")]) == {"local": {"embed": 0.0, "judge": 0.0}}
    assert usd_by_provider([]) == {}


def test_one_usage_without_a_price_refuses_the_table() -> None:
    with pytest.raises(InputError, match="no price"):
        usd_by_provider([usage(), usage("openai")])


def test_a_total_is_over_all_providers_and_purposes() -> None:
    assert total_usd({"a": {"embed": 0.5, "judge": 0.25}, "b": {"generate": 1.0}}) == 1.75
    assert total_usd({}) == 0
