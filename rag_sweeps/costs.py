"""Usage -> dollars per provider and purpose, and what a configuration costs in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from rag_sweeps.errors import InputError
from rag_sweeps.records import Usage

FREE_PROVIDERS = frozenset({"local"})
"""Models on the user's own machine: an explicit zero, not a missing price."""


def usd_of(usage: Usage) -> float:
    """Dollars of one usage. Raises InputError for a provider whose price is not known."""
    if usage.provider in FREE_PROVIDERS:
        return 0.0
    raise InputError(f"no price for '{usage.provider}:{usage.model}'; only local models can be used")


def usd_by_provider(usages: Iterable[Usage]) -> dict[str, dict[str, float]]:
    """provider -> purpose -> dollars."""
    table: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for usage in usages:
        table[usage.provider][usage.purpose] += usd_of(usage)
    return {provider: dict(purposes) for provider, purposes in table.items()}


def total_usd(table: Mapping[str, Mapping[str, float]]) -> float:
    return sum(usd for purposes in table.values() for usd in purposes.values())
