"""Usage -> dollars per provider and purpose: what a configuration costs in use.

The price of use does not depend on how it was measured: a reply from this program's store counts as the call it was
made with, and a batch at the price of single calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rag_sweeps.prices import Prices
from rag_sweeps.records import Usage


def usd_by_provider(usages: Iterable[Usage], prices: Prices) -> dict[str, dict[str, float]]:
    """provider -> purpose -> dollars. Raises InputError for a model without a price."""
    table: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for usage in usages:
        table[usage.provider][usage.purpose] += prices.usd(replace(usage, batch=False))
    return {provider: dict(purposes) for provider, purposes in table.items()}


def total_usd(table: Mapping[str, Mapping[str, float]]) -> float:
    return sum(usd for purposes in table.values() for usd in purposes.values())
