"""Faults a test orders, and which request each of them strikes."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "429", "quota", "overloaded", "500", "502", "504", "400", "401", "403", "404",
    "stall", "drip", "cut", "malformed", "not_json", "wrong_types", "no_usage", "no_choices",
    "refusal", "length", "content_filter", "empty", "batch_expired", "batch_errored",
]  # fmt: skip
FREE: frozenset[str] = frozenset(
    {"429", "quota", "overloaded", "500", "502", "504", "400", "401", "403", "404", "batch_expired", "batch_errored"}
)
"""Faults after which a provider bills nothing; in all the others the model has done its work."""


@dataclass(slots=True)
class Fault:
    """times: strikes so often. every: each k-th request. share, seed: this share of (text, attempt) pairs, whoever
    asks first. says: the message of an error. endpoint, model: only there."""

    kind: Kind
    times: int | None = None
    every: int | None = None
    share: float | None = None
    seed: int = 0
    retry_after: str | None = None
    seconds: float = 30.0
    says: str = ""
    endpoint: str | None = None
    model: str | None = None
    n_seen: int = 0
    n_struck: int = 0


class Faults:
    """Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []
        self._attempts: Counter[str] = Counter()

    def add(
        self,
        kind: Kind,
        times: int | None = None,
        *,
        every: int | None = None,
        share: float | None = None,
        seed: int = 0,
        retry_after: str | None = None,
        seconds: float = 30.0,
        says: str = "",
        endpoint: str | None = None,
        model: str | None = None,
    ) -> None:
        """Without times, every and share: each request from now on."""
        assert kind in get_args(Kind), kind
        fault = Fault(kind, times, every, share, seed, retry_after, seconds, says, endpoint, model)
        with self._lock:
            self._orders.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()

    def next(self, *, endpoint: str, model: str, text: str, batch: bool) -> Fault | None:
        """The first order that strikes this request, or None."""
        with self._lock:
            self._attempts[text] += 1
            for order in self._orders:
                if order.endpoint not in (None, endpoint) or order.model not in (None, model):
                    continue
                if order.kind.startswith("batch_") and not batch:
                    continue
                if endpoint in ("batches", "results") and order.endpoint is None:
                    continue  # an order without a place is for what a model answers
                order.n_seen += 1
                if _strikes(order, text, self._attempts[text]):
                    order.n_struck += 1
                    return order
        return None


def _strikes(order: Fault, text: str, attempt: int) -> bool:
    if order.times is not None and order.n_struck >= order.times:
        return False
    if order.every is not None and order.n_seen % order.every:
        return False
    if order.share is not None:
        digest = hashlib.sha256(f"{order.kind}/{order.seed}/{attempt}/{text}".encode("utf-8", "replace")).digest()
        return int.from_bytes(digest[:8], "big") / 2**64 < order.share
    return True
