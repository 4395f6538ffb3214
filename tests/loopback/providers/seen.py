"""What the loopback server was asked and would bill."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

BATCH_SHARE = 0.5
"""Both providers bill batches at half the price."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, or one entry of a batch. input_tokens are all of them, cached and written ones among them."""

    time: float
    provider: str
    endpoint: str
    model: str
    system: str = ""
    user: str = ""
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    batch: bool = False
    status: int = 200
    billed: bool = False
    fault: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Without the key."""


class Billed(NamedTuple):
    """Sums over what was billed of one model; `batch` apart from the rest."""

    requests: int
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int


class Log:
    """Every request in the order it was answered; safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[Seen] = []

    def add(self, seen: Seen) -> None:
        with self._lock:
            self._seen.append(seen)

    def all(self) -> list[Seen]:
        with self._lock:
            return list(self._seen)


def billed_tokens(log: list[Seen], *, batch: bool = False) -> dict[str, Billed]:
    """model -> what it would be billed for."""
    sums: dict[str, list[int]] = {}
    for seen in log:
        if seen.billed and seen.batch == batch:
            row = sums.setdefault(seen.model, [0, 0, 0, 0, 0])
            counts = (1, seen.input_tokens, seen.cached_tokens, seen.cache_write_tokens, seen.output_tokens)
            for i, count in enumerate(counts):
                row[i] += count
    return {model: Billed(*row) for model, row in sums.items()}


def bill_usd(log: list[Seen], prices: Mapping[str, Mapping[str, float]]) -> float:
    """prices: model -> dollars for a million tokens: input, output, cached and cache_write (else as input)."""
    total = 0.0
    for batch, share in ((False, 1.0), (True, BATCH_SHARE)):
        for model, billed in billed_tokens(log, batch=batch).items():
            price = prices[model]
            plain = billed.input_tokens - billed.cached_tokens - billed.cache_write_tokens
            total += share * (
                plain * price["input"]
                + billed.cached_tokens * price.get("cached", price["input"])
                + billed.cache_write_tokens * price.get("cache_write", price["input"])
                + billed.output_tokens * price.get("output", 0.0)
            )
    return total / 1e6
