"""Faults that a test asks for: what goes wrong, for which requests, how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

Kind = Literal["refuse", "unavailable", "stall", "rate_limit", "error", "lose_response"]


@dataclass(slots=True)
class Fault:
    """`match` is a part of a path or a GraphQL operation's name; `left` how often it still happens."""

    kind: Kind
    match: str
    left: int
    seconds: float
    status: int
    seen: int = 0


class Faults:
    """What goes wrong, in the order it was added.

    `refuse` cuts the connection unanswered, `unavailable` answers 503, `stall` waits and then answers, `rate_limit`
    answers 429 with Retry-After, `error` answers `status`, `lose_response` applies the request and then cuts.
    """

    def __init__(self) -> None:
        self.all: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, *, match: str = "", times: int = 1, seconds: float = 1.0, status: int = 500) -> Fault:
        fault = Fault(kind, match, times, seconds, status)
        with self._lock:
            self.all.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self.all.clear()

    def take(self, name: str) -> Fault | None:
        """The fault of this request, if it has one; the first that was added wins."""
        with self._lock:
            for fault in self.all:
                if fault.left > 0 and fault.match in name:
                    fault.left -= 1
                    fault.seen += 1
                    return fault
        return None
