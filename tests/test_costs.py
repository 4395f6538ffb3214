"""Dollars per provider and purpose; what has no price is refused, not free."""

from __future__ import annotations

import pytest

from rag_sweeps.costs import total_usd, usd_by_provider
from rag_sweeps.errors import InputError
from rag_sweeps.prices import Prices
from rag_sweeps.records import Purpose, Usage

PRICES = Prices()


def usage(provider: str = "local", purpose: Purpose = "embed", model: str = "some-model") -> Usage:
    return Usage(provider, model, purpose, 1_000_000)


def test_dollars_stand_under_provider_and_purpose() -> None:
    asked = [usage("openai", "generate", "gpt-4o-mini")] * 2 + [usage("openai", "judge", "gpt-5-mini"), usage()]
    table = usd_by_provider(asked, PRICES)
    assert table == {"openai": {"generate": pytest.approx(0.3), "judge": 0.25}, "local": {"embed": 0.0}}
    assert usd_by_provider([], PRICES) == {}


def test_the_price_of_use_does_not_depend_on_how_it_was_measured() -> None:
    plain = Usage("openai", "gpt-5-mini", "generate", 1000, output_tokens=100)
    batch = Usage("openai", "gpt-5-mini", "generate", 1000, output_tokens=100, batch=True, latency_s=3.0)
    stored = Usage("openai", "gpt-5-mini", "generate", 1000, output_tokens=100, from_cache=True)
    assert usd_by_provider([plain], PRICES) == usd_by_provider([batch], PRICES) == usd_by_provider([stored], PRICES)


def test_one_usage_without_a_price_refuses_the_table() -> None:
    with pytest.raises(InputError, match=r"no price for 'openai:some-model'"):
        usd_by_provider([usage(), usage("openai")], PRICES)


def test_a_total_is_over_all_providers_and_purposes() -> None:
    assert total_usd({"a": {"embed": 0.5, "judge": 0.25}, "b": {"generate": 1.0}}) == 1.75
    assert total_usd({}) == 0
