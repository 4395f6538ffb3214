"""Usage -> dollars per provider and purpose, and what a configuration costs in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rag_sweeps.prices import Prices
from rag_sweeps.records import Usage


def usd_by_provider(usages: Iterable[Usage], prices: Prices) -> dict[str, dict[str, float]]:
    """provider -> purpose -> dollars."""
    table: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for usage in usages:
        table[usage.provider][usage.purpose] += prices.usd(usage)
    return {provider: dict(purposes) for provider, purposes in table.items()}


def total_usd(table: Mapping[str, Mapping[str, float]]) -> float:
    return sum(usd for purposes in table.values() for usd in purposes.values())
